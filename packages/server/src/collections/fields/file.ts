import type { ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { toTexts } from "../../lib/text/coerce.ts";
import { between, each, matches, noneOf, REQUIRED } from "../../lib/validators.ts";
import { readBool, readInt, readTexts } from "./decode-json.ts";
import type { FieldKind } from "./field-kind.ts";
import { maxSizeProblem } from "./max-size.ts";
import { multiValueStorage, maxValues } from "./multi-value-storage.ts";

/** Holds file names. The uploads themselves are checked when a record is written. */
export const fileKind: FieldKind<"file"> = {
  type: "file",
  parse: (raw) => ({
    maxSize: readInt(raw, "maxSize"),
    maxSelect: readInt(raw, "maxSelect"),
    mimeTypes: readTexts(raw, "mimeTypes"),
    thumbs: readTexts(raw, "thumbs"),
    protected: readBool(raw, "protected"),
    ...(readBool(raw, "resumable") && { resumable: true }),
  }),
  checkOptions: (field) => ({
    maxSelect: between(field.maxSelect, 0, Number.MAX_SAFE_INTEGER),
    maxSize: maxSizeProblem(field.maxSize),
    thumbs: each(field.thumbs, thumbProblem),
  }),
  ...multiValueStorage,
  check: (field, value) => {
    const names = toTexts(value);
    if (names.length === 0) return field.required ? REQUIRED : undefined;
    const maxSelect = maxValues(field);
    if (names.length <= maxSelect) return undefined;
    return invalid("validation_too_many_files", `The maximum allowed files is ${maxSelect}.`, { maxSelect });
  },
};

/** `WxH`, optionally followed by `t` (crop top), `b` (crop bottom) or `f` (fit). One side may be 0, but not both. */
const thumbProblem = (size: string): ValidationError | undefined =>
  noneOf(size, ["0x0", "0x0t", "0x0b", "0x0f"]) ?? matches(size, /^(\d+)x(\d+)([tbf])?$/);
