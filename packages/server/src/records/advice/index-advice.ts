import type { Collection } from "../../collections/model/collection.ts";
import { buildIndex, parseIndex } from "../../collections/model/index-definition.ts";
import { type Field, isMultiple } from "../../collections/fields/field.ts";
import { sql } from "../../store/sql.ts";
import { type TempTables, withTempTables } from "../../store/sqlite/aside/temp-tables.ts";
import { type Reader, StoreError } from "../../store/store.ts";
import type { WriteContext } from "../model/record-context.ts";
import { MeasuredTable } from "./measure-table.ts";
import { type ReferencedColumns, referencedColumns } from "./referenced-columns.ts";
import { type AdvisedQuery, ruleQueries } from "./rule-queries.ts";

/** An index that a collection lacks. */
export interface IndexAdvice {
  readonly collection: string;
  readonly columns: readonly string[];
  /** To add to the collection's `indexes`. */
  readonly statement: string;
  /** Of the collection. */
  readonly records: number;
  /** The measured time of the query that gains most, without and with the index. */
  readonly beforeMs: number;
  readonly afterMs: number;
  /** What gains by it, such as `list rule of posts` or `requests`. */
  readonly gainedBy: readonly string[];
  /** How often the server has run these queries since it started. */
  readonly uses: number;
}

/** A field that a slow query reads and no index can help. */
export interface UnindexableField {
  readonly collection: string;
  readonly field: string;
  readonly readBy: readonly string[];
}

export interface IndexReport {
  readonly advice: readonly IndexAdvice[];
  /** Fields with many values: their values are inside of a list, where no index finds them. */
  readonly unindexable: readonly UnindexableField[];
  /** Collections that were not measured because there was no time left. */
  readonly skipped: readonly string[];
}

export interface IndexAdviceOptions {
  readonly reader: Reader;
  /** The database file. */
  readonly path: string;
  readonly context: WriteContext;
  /** What the server has run for clients. */
  readonly used: readonly AdvisedQuery[];
  /** How long all measurements may take, in milliseconds. */
  readonly limitMs: number;
}

/** Smaller collections are read as fast without an index. */
const MIN_RECORDS = 1_000;
/** An index must save so much of a query's time, and so many milliseconds, to be worth what it costs each write. */
const MIN_SHARE = 0.3;
const MIN_GAIN_MS = 0.3;

/**
 * Finds the indexes that the collections lack for their rules and for what clients ask, by trying them on copies in a process
 * beside this one. An index is advised only if SQLite uses it and a query gains by it.
 */
export async function adviseIndexes({
  reader,
  path,
  context,
  used,
  limitMs,
}: IndexAdviceOptions): Promise<IndexReport> {
  const tables = new Map<string, Collection>();
  for (const collection of context.schema.collections) {
    if (collection.type !== "view") tables.set(collection.name, collection);
  }
  const names = new Set(tables.keys());
  const queries = [...(await ruleQueries(reader, context)), ...used].map((query) => ({
    query,
    columns: referencedColumns(query.query.text, names),
  }));
  const advice: IndexAdvice[] = [];
  const unindexable = new Map<string, UnindexableField>();
  const skipped: string[] = [];
  const measure = async (temporary: TempTables): Promise<void> => {
    for (const [name, collection] of tables) {
      const own = queries.flatMap(({ query, columns }) => {
        const referenced = columns.get(name);
        return referenced ? [{ ...query, referenced }] : [];
      });
      if (own.length === 0) continue;
      const records = await countOf(reader, name);
      if (records < MIN_RECORDS) continue;
      skipped.push(name);
      const found = await adviseTable(temporary, { ...collection, records }, own);
      skipped.pop();
      advice.push(...found.advice);
      for (const field of found.unindexable) unindexable.set(`${field.collection}.${field.field}`, field);
    }
  };
  await withTempTables(path, limitMs, measure).catch((error: unknown) => {
    if (!(error instanceof StoreError) || error.kind !== "overrun") throw error;
  });
  return { advice: advice.toSorted(byGain), unindexable: [...unindexable.values()], skipped };
}

type MeasuredQuery = AdvisedQuery & { readonly referenced: ReferencedColumns };
type CountedCollection = Collection & { readonly records: number };

/** Tries the candidates of each query, the slowest query first, with the indexes that are advised already. */
async function adviseTable(
  temporary: TempTables,
  collection: CountedCollection,
  queries: readonly MeasuredQuery[],
): Promise<Pick<IndexReport, "advice" | "unindexable">> {
  const table = await MeasuredTable.copy(temporary, collection);
  const timed: { readonly query: MeasuredQuery; readonly ms: number }[] = [];
  for (const query of queries) {
    const ms = await table.time(query.query).catch(() => 0);
    if (ms >= MIN_GAIN_MS) timed.push({ query, ms });
  }
  timed.sort((a, b) => b.ms * Math.max(1, b.query.uses) - a.ms * Math.max(1, a.query.uses));
  const byColumns = new Map<string, IndexAdvice>();
  const unindexable: UnindexableField[] = [];
  for (const { query, ms } of timed) {
    const before = byColumns.size > 0 ? await table.time(query.query) : ms;
    const best = await bestIndex(table, collection, query, before);
    if (best) {
      await table.keep(best.columns);
      byColumns.set(best.columns.join(), best);
    } else if (byColumns.size > 0 && before < ms * (1 - MIN_SHARE)) {
      await shareGain(table, byColumns, query);
    } else unindexable.push(...manyValued(collection, query));
  }
  await table.drop();
  return { advice: [...byColumns.values()], unindexable };
}

async function bestIndex(
  table: MeasuredTable,
  collection: CountedCollection,
  query: MeasuredQuery,
  before: number,
): Promise<IndexAdvice | undefined> {
  let best: { readonly columns: readonly string[]; readonly ms: number } | undefined;
  for (const columns of candidatesOf(collection, query.referenced)) {
    const ms = await table.timeWith(columns, query.query);
    if (ms === undefined || before - ms < MIN_GAIN_MS || ms > before * (1 - MIN_SHARE)) continue;
    // A second column must be worth it too.
    const limit = best && columns.length > best.columns.length ? best.ms * (1 - MIN_SHARE) : best?.ms;
    if (limit === undefined || ms < limit) best = { columns, ms };
  }
  if (!best) return undefined;
  const { columns, ms } = best;
  return {
    collection: collection.name,
    columns,
    statement: statementFor(collection, columns),
    records: collection.records,
    beforeMs: rounded(before),
    afterMs: rounded(ms),
    gainedBy: query.origins,
    uses: query.uses,
  };
}

/** A query gains by an index that was advised for another one: the one that its plan names. */
async function shareGain(
  table: MeasuredTable,
  byColumns: Map<string, IndexAdvice>,
  { query, origins, uses }: MeasuredQuery,
): Promise<void> {
  const plan = (await table.plan(query)).join("\n");
  for (const [key, advice] of byColumns) {
    if (!plan.includes(`_headwater_kept_${advice.columns.join("_")} `)) continue;
    byColumns.set(key, {
      ...advice,
      gainedBy: [...new Set([...advice.gainedBy, ...origins])],
      uses: advice.uses + uses,
    });
  }
}

/** Single columns, then one that is compared with one that is sorted by. Never what an index begins with already. */
function candidatesOf(collection: Collection, { compared, sorted }: ReferencedColumns): readonly (readonly string[])[] {
  const usable = (names: readonly string[]): readonly string[] =>
    names.filter((name) => collection.fields.some((field) => field.name === name && isIndexable(field)));
  const [found, order] = [usable(compared), usable(sorted)];
  const single = [...new Set([...found, ...order])].map((name) => [name]);
  const pairs = found.flatMap((name) => order.filter((other) => other !== name).map((other) => [name, other]));
  const existing = collection.indexes.map((statement) => parseIndex(statement));
  return [...single, ...pairs].filter(
    (columns) =>
      !existing.some(
        (index) =>
          index.where === "" &&
          columns.every((column, i) => index.columns[i]?.name.toLowerCase() === column.toLowerCase()),
      ),
  );
}

/** Texts can be long, and JSON is read inside. */
const isIndexable = (field: Field): boolean =>
  !isMultiple(field) && field.type !== "json" && field.type !== "geoPoint" && field.type !== "editor";

const manyValued = (
  { name, fields }: Collection,
  { query, origins, referenced }: MeasuredQuery,
): readonly UnindexableField[] =>
  fields
    .filter(
      (field) => isMultiple(field) && referenced.compared.includes(field.name) && query.text.includes("json_each"),
    )
    .map((field) => ({ collection: name, field: field.name, readBy: origins }));

function statementFor({ name, indexes }: Collection, columns: readonly string[]): string {
  const taken = new Set(indexes.map((statement) => parseIndex(statement).name.toLowerCase()));
  const base = `idx_${name}_${columns.join("_")}`;
  let free = base;
  for (let n = 2; taken.has(free.toLowerCase()); n += 1) free = `${base}_${n}`;
  const list = columns.map((column) => ({ name: column, collate: "", sort: "" }));
  const index = { unique: false, optional: false, schema: "", name: free, table: name, columns: list, where: "" };
  return buildIndex(index).replaceAll(/\s+/g, " ");
}

async function countOf(reader: Reader, table: string): Promise<number> {
  const row = await reader.first(sql`SELECT count(*) AS n FROM ${sql.id(table)}`);
  return Number(row?.["n"]);
}

const byGain = (a: IndexAdvice, b: IndexAdvice): number =>
  (b.beforeMs - b.afterMs) * Math.max(1, b.uses) - (a.beforeMs - a.afterMs) * Math.max(1, a.uses);

const rounded = (ms: number): number => Math.round(ms * 100) / 100;
