/** A line of `EXPLAIN QUERY PLAN`. */
export interface PlanLine {
  readonly id: number;
  readonly parent: number;
  readonly detail: string;
}

/** One loop of a plan. */
export type Loop =
  /** All rows of a table, or of a subquery or common table expression of the same statement. */
  | { readonly kind: "scan"; readonly source: string }
  /** The elements of a JSON array. */
  | { readonly kind: "array" }
  /** The row with a row id. */
  | { readonly kind: "row"; readonly source: string }
  /** The rows of an index that are equal in its first `equals` columns. */
  | {
      readonly kind: "index";
      readonly index: string;
      readonly source: string;
      readonly equals: number;
      /** Whether the index has all that is needed of a row. */
      readonly covers: boolean;
    }
  /** The rows of several indexes. */
  | { readonly kind: "any"; readonly of: readonly PlanLevel[] }
  | { readonly kind: "unknown" };

/** Loops inside each other, and the subqueries beside them. */
export interface PlanLevel {
  readonly loops: readonly Loop[];
  /** Run once. */
  readonly once: readonly PlanLevel[];
  /** Run for each row of the loops. */
  readonly perRow: readonly PlanLevel[];
  /** Subqueries that the loops scan, by name. They run once. */
  readonly sources: ReadonlyMap<string, PlanLevel>;
}

/** What a statement does, the same for all values that are bound to it. */
export interface QueryPlan {
  readonly top: PlanLevel;
  /** The tables that it reads. */
  readonly tables: ReadonlySet<string>;
  /** Whether it reads all rows before it returns the first. */
  readonly sorts: boolean;
  /** The most elements of an `IN` with a list in the text; 0 if there is no `IN`, 1 if there are only bound lists or subqueries. */
  readonly inLength: number;
  /** Bound values that are columns of a row, not compared with those of others. */
  readonly boundColumns: number;
  readonly hasLike: boolean;
  /** Whether it parses the JSON of rows, not only of a bound value. */
  readonly parsesJson: boolean;
}

/** Lines that visit no rows of their own. */
const FREE = /^(?:USE TEMP B-TREE|BLOOM FILTER|CREATE BLOOM|SCAN CONSTANT ROW|SCAN \d+ CONSTANT ROWS?|REUSE)/;
const SOURCE = /^(?:CO-ROUTINE|MATERIALIZE) (.+)$/;
const ONCE =
  /^(?:(?:SCALAR|LIST|LEFT-MOST) SUBQUERY|COMPOUND|UNION|INTERSECT|EXCEPT|MERGE|LEFT|RIGHT|SETUP|RECURSIVE STEP|INDEX \d)/;

/**
 * @param text in which every name of a table is quoted, as in all SQL that this program writes
 * @param views the definitions of the views that it reads
 */
export function readPlan(text: string, lines: readonly PlanLine[], views: readonly string[] = []): QueryPlan {
  const aliases = aliasesOf(text, views);
  const children = Map.groupBy(lines, ({ parent }) => parent);
  const tables = new Set<string>();
  const levelOf = (parent: number): PlanLevel => {
    const loops: Loop[] = [];
    const [once, perRow]: [PlanLevel[], PlanLevel[]] = [[], []];
    const sources = new Map<string, PlanLevel>();
    for (const { id, detail } of children.get(parent) ?? []) {
      const source = SOURCE.exec(detail);
      if (FREE.test(detail)) continue;
      if (source) sources.set(source[1]!, levelOf(id));
      else if (detail.startsWith("CORRELATED")) perRow.push(levelOf(id));
      else if (detail === "MULTI-INDEX OR") loops.push({ kind: "any", of: [levelOf(id)] });
      else if (ONCE.test(detail)) once.push(levelOf(id));
      else loops.push(readLoop(detail, aliases));
    }
    for (const loop of loops) if ("source" in loop && !sources.has(loop.source)) tables.add(loop.source);
    return { loops, once, perRow, sources };
  };
  const top = levelOf(0);
  return {
    top,
    tables,
    sorts: lines.some(({ detail }) => detail.startsWith("USE TEMP B-TREE")),
    inLength: longestIn(text),
    boundColumns: text.match(BOUND_COLUMN)?.length ?? 0,
    hasLike: / LIKE /i.test(text),
    parsesJson: /json\w*\((?!\?)/i.test(text),
  };
}

/** `CAST(? AS TEXT) AS "title"`, `? AS "title"` or `(? + 0.0) AS "count"`. */
const BOUND_COLUMN = /\?(?: AS \w+\)| \+ 0\.0\))? AS "/g;

const longestIn = (text: string): number =>
  text
    .matchAll(/\bIN\b\s*(?:\(([^()]*)\))?/gi)
    .reduce((most, [, list = ""]) => Math.max(most, list.split(",").length), 0);

const QUOTED_ALIAS = /"([^"]+)" AS "?([^"\s,()]+)"?/gi;
/** In a view, as a superuser wrote it. What it takes for an alias but is none names no loop. */
const ANY_ALIAS = /(?:\bFROM|\bJOIN|,)\s+["`[]?(\w+)["`\]]?\s+(?:AS\s+)?["`[]?(\w+)/gi;

/** The tables by alias. An alias with two meanings has none: then nobody knows how large the table is. */
function aliasesOf(text: string, views: readonly string[]): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  for (const view of views) {
    for (const [, table = "", alias = ""] of view.matchAll(ANY_ALIAS)) {
      aliases.set(alias, (aliases.get(alias) ?? table) === table ? table : "");
    }
  }
  for (const [, table = "", alias = ""] of text.matchAll(QUOTED_ALIAS)) aliases.set(alias, table);
  return aliases;
}

const SEARCH_INDEXES = "_headwater_search_";

function readLoop(detail: string, aliases: ReadonlyMap<string, string>): Loop {
  const [, verb, alias = "", how = ""] =
    /^(SCAN|SEARCH) (.+?)(?: EXISTS)?(?: (USING|VIRTUAL TABLE).*)?(?: LEFT-JOIN)?$/.exec(detail) ?? [];
  if (verb === undefined) return { kind: "unknown" };
  if (how === "VIRTUAL TABLE") {
    // A search index may return all its rows. FTS5 keeps them in a table with this name.
    return alias.startsWith(SEARCH_INDEXES) ? { kind: "scan", source: `${alias}_content` } : { kind: "array" };
  }
  // Where a common table expression has the name of a table, `main.` names the table.
  const source = aliases.get(alias) ?? alias.replace(/^main\./, "");
  const search = verb === "SEARCH" && /USING (?:COVERING )?(INTEGER PRIMARY KEY|INDEX (\S+)) \((.*?)\)/.exec(detail);
  if (!search) return { kind: "scan", source };
  const [, , index, terms = ""] = search;
  if (index === undefined) return terms === "rowid=?" ? { kind: "row", source } : { kind: "scan", source };
  // A range (`a>?`) narrows nothing for certain; it comes after the columns that are equal.
  const equals = terms.split(" AND ").filter((term) => /^[^<>]+=\?$/.test(term)).length;
  return { kind: "index", index, source, equals, covers: detail.includes(" COVERING ") };
}
