import type { Query, SqlValue } from "../sql.ts";
import type { Loop, PlanLevel, QueryPlan } from "./query-plan.ts";

/** What is known of the tables. All of it are upper bounds; `undefined` where there is none. */
export interface TableSizes {
  rows(table: string): number | undefined;
  index(name: string): IndexSize | undefined;
  /** @param exact whether it counts what was written in the last second */
  bytes(table: string, exact: boolean): TableBytes;
}

export interface IndexSize {
  readonly table: string;
  readonly columns: number;
  readonly unique: boolean;
  /** The most rows with the same first column. */
  readonly largestGroup: number | undefined;
}

export interface TableBytes {
  readonly largestRow: number;
  readonly total: number;
}

/** Elements that a list of a record is taken to have. */
const LIST_ELEMENTS = 50;
/** Bytes that are read in the time of a step: a step is visiting one row, about a quarter of a microsecond. */
const BYTES_PER_STEP = 512;
/** Comparisons of a byte of the text with a byte of the pattern. `LIKE` makes up to all of them. */
const LIKE_COMPARISONS_PER_STEP = 150;
const JSON_BYTES_PER_STEP = 50;
/** Comparisons of small values. */
const VALUES_PER_STEP = 8;

/**
 * The most steps that a statement can take, whatever a client chose for its values: what is cheap by this is cheap for
 * certain.
 */
export function costOf(plan: QueryPlan, sizes: TableSizes, query: Query): number {
  const { values, stopsAfter = Infinity, visitCost = 1, sizes: own = {} } = query;
  const list = plan.hasIn ? longestList(values) : 1;
  const all = visitsOf(plan.top, { sizes, own, list });
  const visits = plan.sorts ? all : Math.min(all, stopsAfter);
  if (visits === Infinity) return Infinity;
  const bytes = bytesOf(plan, sizes, own, visits);
  const pattern = plan.hasLike ? textLength(values) : 0;
  const perByte = 1 / BYTES_PER_STEP + pattern / LIKE_COMPARISONS_PER_STEP + plan.jsonCalls / JSON_BYTES_PER_STEP;
  return visitCost * (visits * (1 + values.length / VALUES_PER_STEP) + bytes * perByte);
}

interface Known {
  readonly sizes: TableSizes;
  readonly own: Readonly<Record<string, number>>;
  /** The longest list of an IN. */
  readonly list: number;
}

/** Loops inside each other multiply. */
function visitsOf({ loops, once, perRow, sources }: PlanLevel, known: Known): number {
  let rows = 1;
  for (const loop of loops) rows *= Math.max(1, rowsOf(loop, known, sources));
  let beside = 0;
  let inside = 0;
  for (const level of once) beside += visitsOf(level, known);
  for (const [name, level] of sources) if (known.own[name] === undefined) beside += visitsOf(level, known);
  for (const level of perRow) inside += visitsOf(level, known);
  return rows * (1 + inside) + beside;
}

function rowsOf(loop: Loop, known: Known, sources: ReadonlyMap<string, PlanLevel>): number {
  const { sizes, own, list } = known;
  switch (loop.kind) {
    case "row":
      return list;
    case "array":
      return Math.max(LIST_ELEMENTS, list);
    case "any":
      return loop.of.reduce((sum, level) => sum + visitsOf(level, known), 0);
    case "scan": {
      const source = sources.get(loop.source);
      return own[loop.source] ?? (source ? visitsOf(source, known) : (sizes.rows(loop.source) ?? Infinity));
    }
    case "index": {
      const index = sizes.index(loop.index);
      const all = sizes.rows(index?.table ?? loop.source) ?? Infinity;
      if (!index || loop.equals === 0) return all;
      const isOne = index.unique && loop.equals >= index.columns;
      return Math.min(all, (isOne ? 1 : (index.largestGroup ?? all)) * list);
    }
    case "unknown":
      return Infinity;
  }
}

function bytesOf(
  { tables, top, hasLike }: QueryPlan,
  sizes: TableSizes,
  own: Readonly<Record<string, number>>,
  visits: number,
): number {
  let [widest, total] = [0, 0];
  for (const table of tables) {
    if (own[table] !== undefined) continue;
    const bytes = sizes.bytes(table, hasLike);
    widest = Math.max(widest, bytes.largestRow);
    total += bytes.total;
  }
  const each = visits * widest;
  // A single loop visits each row at most once.
  return top.loops.length === 1 && top.perRow.length === 0 ? Math.min(each, total) : each;
}

/** The most elements that an `IN` can have: of a JSON list that is bound, or as many as there are values. */
function longestList(values: readonly SqlValue[]): number {
  let longest = Math.max(1, values.length);
  for (const value of values) {
    if (typeof value !== "string" || !value.startsWith("[")) continue;
    let commas = 1;
    for (let at = value.indexOf(","); at >= 0; at = value.indexOf(",", at + 1)) commas += 1;
    longest = Math.max(longest, commas);
  }
  return longest;
}

function textLength(values: readonly SqlValue[]): number {
  let length = 0;
  for (const value of values) if (typeof value === "string") length += value.length;
  return length;
}
