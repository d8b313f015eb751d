import { splitTopLevel } from "../../lib/text/split-top-level.ts";

/** A parsed `CREATE INDEX` statement. */
export interface Index {
  readonly unique: boolean;
  /** `IF NOT EXISTS`. */
  readonly optional: boolean;
  readonly schema: string;
  readonly name: string;
  readonly table: string;
  readonly columns: readonly IndexColumn[];
  readonly where: string;
}

export interface IndexColumn {
  /** A name, or an expression as written. */
  readonly name: string;
  readonly collate: string;
  readonly sort: string;
}

const STATEMENT =
  /create\s+(unique\s+)?\s*index\s*(if\s+not\s+exists\s+)?(\S*)\s+on\s+(\S*)\s*\(([\s\S]*)\)(?:\s*where\s+([\s\S]*))?\s*$/i;
const COLUMN = /^([\s\S]+?)(?:\s+collate\s+(\w+))?(?:\s+(asc|desc))?$/i;

/** Parses a statement as PocketBase does. Unreadable parts are empty; see `isComplete`. */
export function parseIndex(statement: string): Index {
  const [, unique, optional, path = "", table = "", columns = "", where = ""] = STATEMENT.exec(statement) ?? [];
  const names = splitTopLevel(path, ".") ?? [];
  return {
    unique: unique !== undefined,
    optional: optional !== undefined,
    schema: names.length === 2 ? unquote(names[0]!) : "",
    name: unquote(names[names.length === 2 ? 1 : 0] ?? ""),
    table: unquote(table),
    columns: (splitTopLevel(columns, ",") ?? []).flatMap(parseColumn),
    where: where.trim(),
  };
}

function parseColumn(text: string): readonly IndexColumn[] {
  const [, name = "", collate = "", sort = ""] = COLUMN.exec(text) ?? [];
  const unquoted = unquote(name);
  return unquoted === "" ? [] : [{ name: unquoted, collate, sort: sort.toUpperCase() }];
}

export const isComplete = ({ name, table, columns }: Index): boolean =>
  name !== "" && table !== "" && columns.length > 0;

/** The statement as PocketBase writes it; "" if a part is missing. */
export function buildIndex(index: Index): string {
  if (!isComplete(index)) return "";
  const columns = index.columns.map(buildColumn);
  const list = columns.length > 1 ? `\n  ${columns.join(",\n  ")}\n` : columns.join("");
  return [
    `CREATE ${index.unique ? "UNIQUE " : ""}INDEX ${index.optional ? "IF NOT EXISTS " : ""}`,
    index.schema === "" ? "" : `\`${index.schema}\`.`,
    `\`${index.name}\` ON \`${index.table}\` (${list})`,
    index.where === "" ? "" : ` WHERE ${index.where}`,
  ].join("");
}

function buildColumn({ name, collate, sort }: IndexColumn): string {
  // A parenthesis or a space most likely means an expression.
  const quoted = /[( ]/.test(name) ? name : `\`${name}\``;
  return `${quoted}${collate === "" ? "" : ` COLLATE ${collate}`}${sort === "" ? "" : ` ${sort}`}`;
}

/** Whether the collection has a unique index on exactly this column. WHERE is ignored; names are case-insensitive. */
export const hasUniqueIndex = (collection: { readonly indexes: readonly string[] }, column: string): boolean =>
  collection.indexes.some((statement) => {
    const { unique, columns } = parseIndex(statement);
    return unique && columns.length === 1 && columns[0]!.name.toLowerCase() === column.toLowerCase();
  });

const firstColumns = new WeakMap<readonly string[], ReadonlySet<string>>();

/** Whether an index of the collection can find records by this column. */
export function startsIndex({ indexes }: { readonly indexes: readonly string[] }, column: string): boolean {
  let names = firstColumns.get(indexes);
  if (!names) {
    names = new Set(indexes.map((statement) => parseIndex(statement).columns[0]?.name.toLowerCase() ?? ""));
    firstColumns.set(indexes, names);
  }
  return names.has(column.toLowerCase());
}

const unquote = (text: string): string => text.replaceAll(/^[`"'[\]\s]+|[`"'[\]\s]+$/g, "");
