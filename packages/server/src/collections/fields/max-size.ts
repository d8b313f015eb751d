import type { ValidationError } from "@headwater/protocol";
import { between } from "../../lib/validators.ts";

/** The limit in bytes for a field that sets none. */
export const DEFAULT_MAX_SIZE = { editor: 5 << 20, file: 5 << 20, json: 1 << 20 } as const;

/** The field's limit in bytes. */
export const maxSizeOf = (field: { readonly type: keyof typeof DEFAULT_MAX_SIZE; readonly maxSize: number }): number =>
  field.maxSize > 0 ? field.maxSize : DEFAULT_MAX_SIZE[field.type];

export const maxSizeProblem = (maxSize: number): ValidationError | undefined =>
  between(maxSize, 0, Number.MAX_SAFE_INTEGER);
