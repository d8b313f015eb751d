import { invalid } from "../../lib/api-error.ts";
import { toText } from "../../lib/text/coerce.ts";
import { REQUIRED } from "../../lib/validators.ts";
import { readBool, readInt } from "./decode-json.ts";
import type { FieldKind } from "./field-kind.ts";
import { maxSizeOf, maxSizeProblem } from "./max-size.ts";
import { textStorage } from "./text-storage.ts";

export const editorKind: FieldKind<"editor"> = {
  type: "editor",
  parse: (raw) => ({ maxSize: readInt(raw, "maxSize"), convertURLs: readBool(raw, "convertURLs") }),
  checkOptions: (field) => ({ maxSize: maxSizeProblem(field.maxSize) }),
  ...textStorage,
  check: (field, value) => {
    const html = toText(value);
    if (html === "") return field.required ? REQUIRED : undefined;
    const maxSize = maxSizeOf(field);
    if (Buffer.byteLength(html) <= maxSize) return undefined;
    const message = `The maximum allowed content size is ${maxSize} bytes.`;
    return invalid("validation_content_size_limit", message, { maxSize });
  },
};
