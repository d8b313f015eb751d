import { splitOutside } from "../../lib/split-top-level.ts";

/** A `CREATE INDEX` statement taken apart. */
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
  /** A name, or an expression as it was written. */
  readonly name: string;
  readonly collate: string;
  readonly sort: string;
}

const STATEMENT =
  /create\s+(unique\s+)?\s*index\s*(if\s+not\s+exists\s+)?(\S*)\s+on\s+(\S*)\s*\(([\s\S]*)\)(?:\s*where\s+([\s\S]*))?/i;
const COLUMN = /^([\s\S]+?)(?:\s+collate\s+(\w+))?(?:\s+(asc|desc))?$/i;

/** Takes a statement apart as PocketBase does; what can't be read comes out empty, see `isComplete`. */
export function parseIndex(statement: string): Index {
  const [, unique, optional, path = "", table = "", columns = "", where = ""] = STATEMENT.exec(statement) ?? [];
  const names = splitOutside(path, ".") ?? [];
  return {
    unique: unique !== undefined,
    optional: optional !== undefined,
    schema: names.length === 2 ? unquote(names[0]!) : "",
    name: unquote(names[names.length === 2 ? 1 : 0] ?? ""),
    table: unquote(table),
    columns: (splitOutside(columns, ",") ?? []).flatMap(parseColumn),
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

/** The statement in PocketBase's spelling; "" when a part is missing. */
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
  // What has a parenthesis or a space is most likely an expression.
  const quoted = /[( ]/.test(name) ? name : `\`${name}\``;
  return `${quoted}${collate === "" ? "" : ` COLLATE ${collate}`}${sort === "" ? "" : ` ${sort}`}`;
}

/** Has the collection a unique index on that column alone? A WHERE does not count; names compare in any case. */
export const hasUniqueIndex = (collection: { readonly indexes: readonly string[] }, column: string): boolean =>
  collection.indexes.some((statement) => {
    const { unique, columns } = parseIndex(statement);
    return unique && columns.length === 1 && columns[0]!.name.toLowerCase() === column.toLowerCase();
  });

const unquote = (text: string): string => text.replaceAll(/^[`"'[\]\s]+|[`"'[\]\s]+$/g, "");
