import { type Step, superuser } from "../../lib/scenario.ts";

export type Values = Readonly<Record<string, unknown>>;

/** A collection of its own, so that scenarios don't get in each other's way. */
export const create = (values: Values): Step =>
  superuser("POST /api/collections", {
    name: `made_${Bun.hash.crc32(JSON.stringify(values))}`,
    type: "base",
    ...values,
  });
