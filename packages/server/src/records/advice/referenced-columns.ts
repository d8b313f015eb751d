/** The columns of one table that a statement compares or sorts by. */
export interface ReferencedColumns {
  /** In the order of their first use, without those of the primary key. */
  readonly compared: readonly string[];
  readonly sorted: readonly string[];
}

const ALIAS = /"([^"]+)" AS "([^"]+)"/g;
const COLUMN = /"([^"]+)"\."([^"]+)"/g;

/**
 * Which columns of which tables a statement reads to find and sort its rows.
 *
 * @param text as this program writes it, where every name is quoted and every column has its table's
 */
export function referencedColumns(text: string, tables: ReadonlySet<string>): ReadonlyMap<string, ReferencedColumns> {
  const aliases = new Map<string, string>();
  for (const table of tables) aliases.set(table, table);
  for (const [, table = "", alias = ""] of text.matchAll(ALIAS)) if (tables.has(table)) aliases.set(alias, table);
  const from = text.indexOf(" FROM ");
  const order = text.lastIndexOf(" ORDER BY ");
  const split = order > from ? order : text.length;
  const compared = columnsIn(text.slice(Math.max(from, 0), split), aliases);
  const sorted = columnsIn(text.slice(split), aliases);
  const names = new Set([...compared.keys(), ...sorted.keys()]);
  return new Map(
    [...names].map((table) => [
      table,
      { compared: [...(compared.get(table) ?? [])], sorted: [...(sorted.get(table) ?? [])] },
    ]),
  );
}

function columnsIn(text: string, aliases: ReadonlyMap<string, string>): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, alias = "", column = ""] of text.matchAll(COLUMN)) {
    const table = aliases.get(alias);
    if (table === undefined || column === "id" || column === "_rowid_") continue;
    const columns = found.get(table) ?? new Set();
    found.set(table, columns.add(column));
  }
  return found;
}
