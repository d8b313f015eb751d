import type { Collection } from "../../collections/model/collection.ts";
import { formatDateTime } from "../../lib/text/date-time.ts";

/** The values of the fields that hold when a record was created or updated. */
export function autodates(collection: Collection, event: "onCreate" | "onUpdate", now: Date): Record<string, string> {
  const dates = collection.fields.filter((field) => field.type === "autodate" && field[event]);
  return Object.fromEntries(dates.map(({ name }) => [name, formatDateTime(now)]));
}
