import { z } from "zod";

/** Field types for the shapes of `parseBody`. As in Go, a missing or null value is the zero value. */

export const formText = z
  .string()
  .nullish()
  .transform((text) => text ?? "");

const isText = (item: unknown): boolean => typeof item === "string" || item === null;

/** A list of texts. Unlike `z.array`, it stops at the first item that is none. */
export const formTexts = z
  .custom<readonly (string | null)[]>((value) => Array.isArray(value) && value.every(isText))
  .transform((texts) => texts.map((text) => text ?? ""))
  .nullish();

/** An integer: decimal digits in a form, a number in JSON. */
export const formInteger = z
  .int()
  .nullish()
  .transform((number) => number ?? 0);
