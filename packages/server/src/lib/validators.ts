import type { ErrorData, ValidationError } from "@headwater/protocol";
import { invalid } from "./api-error.ts";
import { isDomain } from "./text/formats.ts";

/**
 * Validators of single values, with the codes and messages of PocketBase's. Each returns the problem or `undefined`.
 * All except `required` accept the empty value; lengths are in bytes.
 */

type Problem = ValidationError | undefined;

export const REQUIRED: ValidationError = invalid("validation_required", "Cannot be blank.");

const isBlank = (value: unknown): boolean =>
  value === "" || value === 0 || value === false || value === null || (Array.isArray(value) && value.length === 0);

export const required = (value: unknown): Problem => (isBlank(value) ? REQUIRED : undefined);

export const mustBeBlank = (value: unknown): Problem =>
  isBlank(value) ? undefined : invalid("validation_empty", "Must be blank.");

/** @param min at least 1 */
export function byteLength(value: string, min: number, max: number): Problem {
  const length = Buffer.byteLength(value);
  if (length === 0 || (length >= min && length <= max)) return undefined;
  return invalid("validation_length_out_of_range", `The length must be between ${min} and ${max}.`, { min, max });
}

export const atLeast = (value: number, threshold: number): Problem =>
  value === 0 || value >= threshold
    ? undefined
    : invalid("validation_min_greater_equal_than_required", `Must be no less than ${threshold}.`, { threshold });

export const atMost = (value: number, threshold: number): Problem =>
  value === 0 || value <= threshold
    ? undefined
    : invalid("validation_max_less_equal_than_required", `Must be no greater than ${threshold}.`, { threshold });

export const between = (value: number, min: number, max: number): Problem => atLeast(value, min) ?? atMost(value, max);

export const matches = (value: string, pattern: RegExp): Problem =>
  value === "" || pattern.test(value) ? undefined : invalid("validation_match_invalid", "Must be in a valid format.");

export const oneOf = (value: string, allowed: readonly string[], message = "Must be a valid value."): Problem =>
  value === "" || allowed.includes(value) ? undefined : invalid("validation_in_invalid", message);

export const noneOf = (value: string, forbidden: readonly string[]): Problem =>
  forbidden.includes(value) ? invalid("validation_not_in_invalid", "Must not be in list.") : undefined;

export const sameAs = <T>(value: T, other: T): Problem =>
  value === other ? undefined : invalid("validation_values_mismatch", "Values don't match.");

export const domain = (value: string): Problem =>
  value === "" || isDomain(value) ? undefined : invalid("validation_is_domain", "Must be a valid domain.");

/** The problems of a list's items by index; `undefined` if there are none. */
export const each = <T>(values: readonly T[], check: (value: T) => Problem): ErrorData | undefined =>
  problems(Object.fromEntries(values.map((value, index) => [String(index), check(value)])));

/** Drops the keys without a problem; `undefined` if none is left. */
export function problems(
  found: Readonly<Record<string, ValidationError | ErrorData | undefined>>,
): ErrorData | undefined {
  const entries = Object.entries(found).flatMap(([key, problem]) =>
    problem === undefined ? [] : [[key, problem] as const],
  );
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}
