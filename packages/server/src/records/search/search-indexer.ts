import type { Collection } from "../../collections/model/collection.ts";
import type { Registry } from "../../collections/model/registry.ts";
import { searchDefinition, searchedFields } from "../../collections/model/search-index.ts";
import { dropStrayTables, writeSearchTable } from "../../collections/tables/search-table.ts";
import { type Sql, sql } from "../../store/sql.ts";
import type { Store, Transaction } from "../../store/store.ts";
import { namesOf } from "./write-index.ts";

/** Rows of one step at most, and bytes of their text: what a step takes, other writers wait. */
const STEP_ROWS = 500;
const STEP_BYTES = 128 << 10;

/**
 * Brings search indexes up to date with their collections where the writes of records didn't: for the rows that were there
 * before the index, and after another program has written. It goes through a collection in steps of one short transaction
 * each, compares what the index holds of every row with the row, and goes on where it was after a restart.
 */
export class SearchIndexer {
  readonly #store: Store;
  readonly #registry: Registry;
  readonly #onError: (error: unknown) => void;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor({
    store,
    registry,
    onError,
  }: {
    readonly store: Store;
    readonly registry: Registry;
    readonly onError: (error: unknown) => void;
  }) {
    this.#store = store;
    this.#registry = registry;
    this.#onError = onError;
  }

  /** Makes the tables fit the collections, which a stock PocketBase may have changed, and begins. */
  async start(): Promise<void> {
    const { collections } = this.#registry.current;
    const hasAny = await this.#store.first(
      sql`SELECT 1 FROM _headwater_collections UNION ALL SELECT 1 FROM _headwater_search LIMIT 1`,
    );
    if (!hasAny) return;
    await this.#store.write(async (tx) => {
      await dropStrayTables(tx, collections);
      for (const collection of collections) {
        if (collection.type !== "view") await writeSearchTable(tx, collection);
      }
    });
    this.wake();
  }

  /** Call it when collections may have changed. */
  wake(): void {
    this.#again = true;
    if (this.#stopped) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when all indexes are up to date. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        const rows = await this.#store.all(sql`SELECT collection FROM _headwater_search WHERE position IS NOT NULL`);
        for (const { collection } of rows) await this.#bringUpToDate(String(collection));
      } catch (error) {
        if (!this.#stopped) this.#onError(error);
      }
    }
  }

  async #bringUpToDate(id: string): Promise<void> {
    for (let isDone = false; !isDone && !this.#stopped;) {
      isDone = await this.#store.write(async (tx) => {
        const collection = this.#registry.current.find(id);
        return !collection?.search || takeStep(tx, collection);
      });
    }
  }
}

/** @returns whether nothing is left to do */
async function takeStep(tx: Transaction, collection: Collection): Promise<boolean> {
  const state = await tx.first(
    sql`SELECT definition, position FROM _headwater_search WHERE collection = ${collection.id}`,
  );
  const position = state?.["position"];
  // The collection may just have changed: what changed it begins again.
  if (typeof position !== "number" || state?.["definition"] !== searchDefinition(collection)) return true;
  const { index, content, table, columns, values, differs } = namesOf(collection);
  const last = await endOfStep(tx, collection, position);
  const isIn = (row: Sql): Sql => sql`${row} > ${position}${last === undefined ? sql`` : sql` AND ${row} <= ${last}`}`;
  const row = sql`${table}._rowid_`;
  await tx.run(
    sql`DELETE FROM ${index} WHERE rowid IN (
      SELECT id FROM ${content} WHERE ${isIn(sql`id`)} AND id NOT IN (SELECT _rowid_ FROM ${table} WHERE ${isIn(row)}))`,
  );
  await tx.run(
    sql`INSERT OR REPLACE INTO ${index} (rowid, ${columns}) SELECT ${row}, ${values} FROM ${table}
      LEFT JOIN ${content} ON ${content}.id = ${row} WHERE ${isIn(row)} AND (${content}.id IS NULL OR ${differs})`,
  );
  const isDone = last === undefined;
  await tx.run(
    sql`UPDATE _headwater_search SET position = ${last ?? null}, built = max(built, ${isDone ? 1 : 0})
      WHERE collection = ${collection.id}`,
  );
  return isDone;
}

/** The row id of the last row of a step; `undefined` if the step reaches the end of the table. */
async function endOfStep(tx: Transaction, collection: Collection, position: number): Promise<number | undefined> {
  const table = sql.id(collection.name);
  const sizes = searchedFields(collection).map(({ field }) => sql`ifnull(octet_length(${sql.id(field.name)}), 0)`);
  const rows = await tx.all(
    sql`SELECT _rowid_ AS row, ${sql.join(sizes, " + ")} AS size FROM ${table}
      WHERE _rowid_ > ${position} ORDER BY _rowid_ LIMIT ${STEP_ROWS + 1}`,
  );
  let bytes = 0;
  for (const [place, { size }] of rows.entries()) {
    bytes += Number(size);
    if (place < rows.length - 1 && (bytes > STEP_BYTES || place + 1 === STEP_ROWS)) return Number(rows[place]!["row"]);
  }
  return undefined;
}
