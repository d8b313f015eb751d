import { invalid } from "../../lib/api-error.ts";
import { toText } from "../../lib/cast.ts";
import { REQUIRED } from "../../lib/checks.ts";
import { readBool, readInt } from "./decode.ts";
import type { FieldKind } from "./kind.ts";
import { maxSizeOf, maxSizeProblem } from "./max-size.ts";
import { storedText } from "./stored-text.ts";

export const editorKind: FieldKind<"editor"> = {
  type: "editor",
  parse: (raw) => ({ maxSize: readInt(raw, "maxSize"), convertURLs: readBool(raw, "convertURLs") }),
  checkOptions: (field) => ({ maxSize: maxSizeProblem(field.maxSize) }),
  ...storedText,
  check: (field, value) => {
    const html = toText(value);
    if (html === "") return field.required ? REQUIRED : undefined;
    const maxSize = maxSizeOf(field);
    if (Buffer.byteLength(html) <= maxSize) return undefined;
    const message = `The maximum allowed content size is ${maxSize} bytes.`;
    return invalid("validation_content_size_limit", message, { maxSize });
  },
};
