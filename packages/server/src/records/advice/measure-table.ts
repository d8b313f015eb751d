import type { Collection } from "../../collections/model/collection.ts";
import { buildIndex, parseIndex } from "../../collections/model/index-definition.ts";
import type { Query } from "../../store/sql.ts";
import type { TempTables } from "../../store/sqlite/aside/temp-tables.ts";

/** Rows that are copied at most: of a larger table a part is measured. */
const MAX_ROWS = 200_000;
/** Runs of a statement; the fastest counts, as everything else only adds to it. */
const RUNS = 3;

/** A copy of one collection's table with its indexes, on which others can be tried. */
export class MeasuredTable {
  readonly #tables: TempTables;
  readonly #name: string;
  /** What a message costs, which is not the statement's. */
  readonly #overheadMs: number;

  private constructor(tables: TempTables, name: string, overheadMs: number) {
    this.#tables = tables;
    this.#name = name;
    this.#overheadMs = overheadMs;
  }

  static async copy(tables: TempTables, { name, indexes }: Collection): Promise<MeasuredTable> {
    const table = quoted(name);
    const [row] = await tables.all({
      text: "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?",
      values: [name],
    });
    await tables.run(String(row?.["sql"]).replace(/^CREATE TABLE/i, "CREATE TEMP TABLE"));
    await tables.run(`INSERT INTO temp.${table} SELECT * FROM main.${table} ORDER BY _rowid_ LIMIT ${MAX_ROWS}`);
    for (const statement of indexes) {
      const index = { ...parseIndex(statement), table: name, schema: "temp" };
      await tables.run(buildIndex(index));
    }
    const nothing = { text: "SELECT 1", values: [] };
    let overheadMs = Infinity;
    for (let i = 0; i < RUNS * 3; i += 1) overheadMs = Math.min(overheadMs, await timeOf(tables, nothing));
    return new MeasuredTable(tables, name, overheadMs);
  }

  /** The lines of the plan that are about rows. */
  async plan({ text, values }: Query): Promise<readonly string[]> {
    const lines = await this.#tables.all({ text: `EXPLAIN QUERY PLAN ${text}`, values });
    return lines.map(({ detail }) => String(detail));
  }

  /** Milliseconds of the fastest run. */
  async time(query: Query): Promise<number> {
    let best = Infinity;
    for (let i = 0; i < RUNS; i += 1) best = Math.min(best, await timeOf(this.#tables, query));
    return Math.max(0, best - this.#overheadMs);
  }

  /** What a query takes with one more index; `undefined` if SQLite doesn't use it. */
  async timeWith(columns: readonly string[], query: Query): Promise<number | undefined> {
    const index = "_headwater_candidate";
    const list = columns.map(quoted).join(", ");
    await this.#tables.run(`CREATE INDEX temp.${quoted(index)} ON ${quoted(this.#name)} (${list})`);
    try {
      const isUsed = (await this.plan(query)).some((line) => line.includes(index));
      return isUsed ? await this.time(query) : undefined;
    } finally {
      await this.#tables.run(`DROP INDEX temp.${quoted(index)}`);
    }
  }

  /** Makes an index that is advised part of what follows. */
  async keep(columns: readonly string[]): Promise<void> {
    const index = `_headwater_kept_${columns.join("_")}`;
    await this.#tables.run(
      `CREATE INDEX temp.${quoted(index)} ON ${quoted(this.#name)} (${columns.map(quoted).join(", ")})`,
    );
  }

  async drop(): Promise<void> {
    await this.#tables.run(`DROP TABLE temp.${quoted(this.#name)}`);
  }
}

async function timeOf(tables: TempTables, query: Query): Promise<number> {
  const startedAt = performance.now();
  await tables.all(query);
  return performance.now() - startedAt;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
