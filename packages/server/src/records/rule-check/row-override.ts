import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { EMPTY, type Sql, sql } from "../../store/sql.ts";
import { anyOf } from "../query/find-record.ts";
import { candidateRow } from "./candidate-row.ts";

/** One record as it was at a moment, in the place of what is stored of it. */
export interface RowOverride {
  readonly collection: Collection;
  readonly id: string;
  /** `null`: there was none. */
  readonly values: RecordValues | null;
}

/** Common table expressions that hide the tables: in their statement whoever reads those finds the stand-ins. */
export const overrideTables = (standIns: readonly RowOverride[]): readonly Sql[] =>
  [...Map.groupBy(standIns, ({ collection }) => collection)].map(([collection, records]) => table(collection, records));

function table(collection: Collection, records: readonly RowOverride[]): Sql {
  const names = sql.join(collection.fields.map(({ name }) => sql.id(name)));
  const stored = sql`SELECT ${names} FROM main.${sql.id(collection.name)} WHERE id NOT IN ${anyOf(records.map(({ id }) => id))}`;
  const rows = records
    .map(({ values }) => values)
    .filter((values) => values !== null)
    .map((values) => sql`SELECT ${candidateRow(collection, values, "stored")}`);
  return sql`${sql.id(collection.name)} AS (${sql.join([stored, ...rows], sql` UNION ALL `)})`;
}

/** What a statement begins with to find the stand-ins. */
export const withOverrides = (standIns: readonly RowOverride[]): Sql =>
  standIns.length > 0 ? sql`WITH ${sql.join(overrideTables(standIns))}` : EMPTY;
