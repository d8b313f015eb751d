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
  /** The most elements of a list in one column. */
  readonly longestList: number;
}

/** Bytes that are read in the time of a step: a step is visiting one row, about a quarter of a microsecond. */
const BYTES_PER_STEP = 512;
/** Comparisons of a byte of the text with a byte of the pattern. `LIKE` makes up to all of them. */
const LIKE_COMPARISONS_PER_STEP = 150;
/** Bytes of JSON that are parsed for a list: it is checked first. */
const JSON_BYTES_PER_STEP = 12;
/** Comparisons of small values. */
const VALUES_PER_STEP = 8;

/**
 * The most steps that a statement can take, whatever a client chose for its values: what is cheap by this is cheap for
 * certain.
 */
export function costOf(plan: QueryPlan, sizes: TableSizes, query: Query): number {
  const { values, stopsAfter = Infinity, visitCost = 1, sizes: own = {}, limits = {} } = query;
  const { widest, total, longest } = bytesOf(plan, sizes, own);
  const known: Known = {
    sizes,
    own,
    limits,
    longestIn: plan.inLength > 0 ? Math.max(plan.inLength, longestList(values)) : 1,
    longest,
  };
  const all = effortOf(plan.top, known);
  const visits = plan.sorts ? all.visits : Math.min(all.visits, stopsAfter);
  if (visits === Infinity) return Infinity;
  const reads = plan.sorts ? all.reads : Math.min(all.reads, stopsAfter);
  // A single loop reads each row at most once.
  const isSingle = plan.top.loops.length === 1 && plan.top.perRow.length === 0;
  const bytes = isSingle ? Math.min(reads * widest, total) : reads * widest;
  const pattern = plan.hasLike ? textLength(values) : 0;
  const perByte =
    1 / BYTES_PER_STEP + pattern / LIKE_COMPARISONS_PER_STEP + (plan.parsesJson ? 1 / JSON_BYTES_PER_STEP : 0);
  const compared = Math.max(0, values.length - plan.boundColumns);
  return visitCost * (visits * (1 + compared / VALUES_PER_STEP) + bytes * perByte);
}

interface Known {
  readonly sizes: TableSizes;
  readonly own: Readonly<Record<string, number>>;
  readonly limits: Readonly<Record<string, number>>;
  /** Of an IN. */
  readonly longestIn: number;
  /** The most elements of a list in a column. */
  readonly longest: number;
}

interface Effort {
  /** Rows and elements. */
  readonly visits: number;
  /** Rows and lists. */
  readonly reads: number;
}

/** Loops inside each other multiply. */
function effortOf({ loops, once, perRow, sources }: PlanLevel, known: Known): Effort {
  let rows = 1;
  let reads = 0;
  for (const loop of loops) {
    if (loop.kind === "array") reads += rows;
    rows *= Math.max(1, rowsOf(loop, known, sources));
    if (loop.kind !== "array" && !(loop.kind === "index" && loop.covers)) reads += rows;
  }
  let visits = rows;
  const add = (level: PlanLevel, times: number): void => {
    const effort = effortOf(level, known);
    visits += times * effort.visits;
    reads += times * effort.reads;
  };
  for (const level of perRow) add(level, rows);
  for (const level of once) add(level, 1);
  for (const [name, level] of sources) if (known.own[name] === undefined) add(level, 1);
  return { visits, reads };
}

function rowsOf(loop: Loop, known: Known, sources: ReadonlyMap<string, PlanLevel>): number {
  const { sizes, own, longestIn, longest } = known;
  switch (loop.kind) {
    case "row":
      return longestIn;
    case "array":
      return Math.max(longest, longestIn);
    case "any":
      return loop.of.reduce((sum, level) => sum + effortOf(level, known).visits, 0);
    case "scan": {
      const source = sources.get(loop.source);
      const limit = known.limits[loop.source] ?? Infinity;
      return (
        own[loop.source] ??
        (source ? Math.min(limit, effortOf(source, known).visits) : (sizes.rows(loop.source) ?? Infinity))
      );
    }
    case "index": {
      const index = sizes.index(loop.index);
      const all = sizes.rows(index?.table ?? loop.source) ?? Infinity;
      if (!index || loop.equals === 0) return all;
      const isOne = index.unique && loop.equals >= index.columns;
      return Math.min(all, (isOne ? 1 : (index.largestGroup ?? all)) * longestIn);
    }
    case "unknown":
      return Infinity;
  }
}

/** Of all tables of a plan. */
function bytesOf(
  { tables, hasLike, parsesJson }: QueryPlan,
  sizes: TableSizes,
  own: Readonly<Record<string, number>>,
): { readonly widest: number; readonly total: number; readonly longest: number } {
  let [widest, total, longest] = [0, 0, 1];
  for (const table of tables) {
    if (own[table] !== undefined) continue;
    const bytes = sizes.bytes(table, hasLike || parsesJson);
    widest = Math.max(widest, bytes.largestRow);
    total += bytes.total;
    longest = Math.max(longest, bytes.longestList);
  }
  return { widest, total, longest };
}

/** The most elements of a JSON list that is bound. */
function longestList(values: readonly SqlValue[]): number {
  let longest = 1;
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
