import { type Sql, sql, verbatim } from "../../../store/sql.ts";
import { withScratchDatabase } from "../../../store/sqlite/aside/scratch-database.ts";
import { type Reader, StoreError, type Transaction } from "../../../store/store.ts";
import { loadSchema } from "../../model/registry.ts";
import type { Schema } from "../../model/schema.ts";
import type { CollectionContext } from "../../validate/collection-context.ts";
import { importCollections } from "../import-collections.ts";
import { type CollectionDiff, diffSchemas, type Loss, type PossibleLoss, possibleLosses } from "./schema-diff.ts";

/** What an import would change. */
export interface ImportPlan {
  /** The collections that would differ, those that would be deleted first. */
  readonly collections: readonly CollectionDiff[];
  /** How many records would lose something, counted once for each loss. */
  readonly loses: number;
}

/**
 * Imports collections into an empty copy of the database's tables, and compares. It takes as long for many records as for
 * none. Whether stored records violate a new unique index can't be known before.
 *
 * @param reader counts what would be lost
 * @throws ApiError 400 with the problems, as the import does
 */
export async function dryRunImport(
  reader: Reader,
  context: Omit<CollectionContext, "schema">,
  body: unknown,
): Promise<ImportPlan> {
  const before = await loadSchema(reader);
  const after = await withScratchDatabase(async (tx) => {
    await copyTables(reader, tx);
    await importCollections(tx, { ...context, schema: before }, body);
    return loadSchema(tx);
  });
  const losses = await countLosses(reader, before, after);
  const collections = diffSchemas(before, after).map((diff) => ({ ...diff, loses: losses.get(diff.id) ?? [] }));
  const all = [...losses.values()].flat();
  return { collections, loses: all.reduce((sum, { records }) => sum + records, 0) };
}

/** Tables whose rows say what the collections are. */
const DESCRIBING = ["_collections", "_params", "_headwater_collections"];

/** Tables first, then what is on them. */
async function copyTables(reader: Reader, tx: Transaction): Promise<void> {
  const rows = await reader.all(sql`SELECT sql FROM sqlite_master
    WHERE sql IS NOT NULL AND type IN ('table', 'index', 'view') AND name NOT LIKE 'sqlite^_%' ESCAPE '^'
    ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, rowid`);
  for (const { sql: statement } of rows) await createIfPossible(tx, String(statement));
  const described = await reader.all(
    sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name IN (${sql.join(DESCRIBING)})`,
  );
  for (const name of described.map((row) => String(row["name"]))) {
    for (const row of await reader.all(sql`SELECT * FROM ${sql.id(name)}`)) {
      const columns = Object.keys(row).map((column) => sql.id(column));
      await tx.run(sql`INSERT INTO ${sql.id(name)} (${sql.join(columns)}) VALUES (${sql.join(Object.values(row))})`);
    }
  }
}

/** The tables of a virtual table exist as soon as that does; a view may be broken, and stays so. */
async function createIfPossible(tx: Transaction, statement: string): Promise<void> {
  try {
    await tx.run(verbatim(statement));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}

async function countLosses(
  reader: Reader,
  before: Schema,
  after: Schema,
): Promise<ReadonlyMap<string, readonly Loss[]>> {
  const losses = new Map<string, Loss[]>();
  for (const loss of possibleLosses(before, after)) {
    const { kind, collection, field } = loss;
    const row = await reader.first(sql`SELECT count(*) AS n FROM ${sql.id(collection.name)} WHERE ${condition(loss)}`);
    const records = Number(row?.["n"] ?? 0);
    if (records === 0) continue;
    const known = losses.get(collection.id) ?? [];
    known.push({ kind, ...(field && { field: field.name }), records });
    losses.set(collection.id, known);
  }
  return losses;
}

/** The stored forms of values that say nothing. */
const BLANK = ["", "0", "0.0", "[]", "null", '{"lon":0,"lat":0}'];

function condition({ kind, field }: PossibleLoss): Sql {
  if (!field) return sql`1`;
  const column = sql.id(field.name);
  if (kind === "values") return sql`${column} IS NOT NULL AND CAST(${column} AS TEXT) NOT IN (${sql.join(BLANK)})`;
  return sql`json_valid(${column}) AND json_type(${column}) = 'array' AND json_array_length(${column}) > 1`;
}
