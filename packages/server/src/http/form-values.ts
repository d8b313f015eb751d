import { z } from "zod";

/** Values of forms that must have a known shape. As in Go, what is missing or null is the zero value. */

export const formText = z
  .string()
  .nullish()
  .transform((text) => text ?? "");

/** Of a form, its decimal digits; of JSON, a number without a fraction. */
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
