import { z } from "zod";

/** A text of a form that must have a known shape; "" when it is missing or null, as in Go. */
export const formText = z
  .string()
  .nullish()
  .transform((text) => text ?? "");
