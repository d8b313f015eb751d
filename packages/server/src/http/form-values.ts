import { z } from "zod";

/** Field types for the shapes of `parseBody`. As in Go, a missing or null value is the zero value. */

export const formText = z
  .string()
  .nullish()
  .transform((text) => text ?? "");

/** Decimal digits in a form, an integer in JSON. */
export const formInteger = z
  .union([
    z.int(),
    z
      .string()
      .regex(/^[+-]?\d{1,15}$/)
      .transform(Number),
  ])
  .nullish()
  .transform((number) => number ?? 0);
