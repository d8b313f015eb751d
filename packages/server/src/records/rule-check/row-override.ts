import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { EMPTY, type Sql, sql } from "../../store/sql.ts";
import { anyOf } from "../query/find-record.ts";
import { candidateRow } from "./candidate-row.ts";

/** Values of one record that a statement reads in place of the stored ones. */
export interface RowOverride {
  readonly collection: Collection;
  readonly id: string;
  /** `null` if the record did not exist. */
  readonly values: RecordValues | null;
}

/** Common table expressions that shadow the collections' tables. */
export const overrideTables = (overrides: readonly RowOverride[]): readonly Sql[] =>
  [...Map.groupBy(overrides, ({ collection }) => collection)].map(([collection, records]) =>
    overrideTable(collection, records),
  );

function overrideTable(collection: Collection, overrides: readonly RowOverride[]): Sql {
  const names = sql.join(collection.fields.map(({ name }) => sql.id(name)));
  const ids = anyOf(overrides.map(({ id }) => id));
  const stored = sql`SELECT ${names} FROM main.${sql.id(collection.name)} WHERE id NOT IN ${ids}`;
  const rows = overrides
    .map(({ values }) => values)
    .filter((values) => values !== null)
    .map((values) => sql`SELECT ${candidateRow(collection, values, "stored")}`);
  return sql`${sql.id(collection.name)} AS (${sql.join([stored, ...rows], " UNION ALL ")})`;
}

/** The WITH clause that makes a statement read the overrides; empty if there are none. */
export const withOverrides = (overrides: readonly RowOverride[]): Sql =>
  overrides.length > 0 ? sql`WITH ${sql.join(overrideTables(overrides))}` : EMPTY;
