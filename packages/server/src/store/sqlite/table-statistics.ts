import type { Row } from "../sql.ts";
import type { Connection } from "./connection.ts";
import type { IndexSize, TableBytes, TableSizes } from "./query-cost.ts";

/** How long a row count and the size of the file are taken as they are, in milliseconds. */
const FRESH_MS = 1_000;
/** A table is measured again when the database has grown by so many bytes. */
const GROWTH_BYTES = 1 << 20;
const SMALL_GROWTH_BYTES = 32 << 10;
/** An id in a list, with its quotes and comma. */
const ELEMENT_BYTES = 18;
/** The shortest text in a list. */
const MIN_ELEMENT_BYTES = 4;
/** An index is measured again after so many milliseconds. */
const GROUP_MS = 60_000;
/** A table of so many rows is measured here, in less than a millisecond. */
const SMALL_ROWS = 2_000;
/** A measurement that took a millisecond is not repeated for so many. */
const REST_FACTOR = 20;

interface Measured<T> {
  value: T | undefined;
  /** The bytes of the database when it was measured. */
  used: number;
  /** Not measured again before this time. */
  again: number;
}

interface KnownIndex {
  readonly size: Omit<IndexSize, "largestGroup">;
  readonly first: string;
  readonly largestGroup: Measured<number>;
}

/**
 * How large the tables are. Row counts come from the largest row id, one step to the end of a tree; what needs a scan is
 * measured in a reader when it is needed, and until then the whole database is the bound.
 */
export class TableStatistics implements TableSizes {
  readonly #connection: Connection;
  readonly #query: (text: string) => Promise<Row | undefined>;
  readonly #rows = new Map<string, { readonly count: number | undefined; readonly at: number }>();
  readonly #indexes = new Map<string, KnownIndex | undefined>();
  readonly #bytes = new Map<string, Measured<TableBytes>>();
  #used = { bytes: 0, at: -Infinity };

  /** @param query runs a statement that takes long in a reader */
  constructor(connection: Connection, query: (text: string) => Promise<Row | undefined>) {
    this.#connection = connection;
    this.#query = query;
  }

  /** Call it when tables have changed. */
  forget(): void {
    this.#rows.clear();
    this.#indexes.clear();
    this.#bytes.clear();
  }

  rows(table: string): number | undefined {
    const now = performance.now();
    const known = this.#rows.get(table);
    if (known && now - known.at < FRESH_MS) return known.count;
    let count: number | undefined;
    try {
      // One more for each row that is inserted meanwhile would be exact, but a second adds little.
      count = Number(this.#first(`SELECT max(_rowid_) AS last FROM ${quoted(table)}`)?.["last"] ?? 0);
    } catch {
      // A view has no row ids.
    }
    this.#rows.set(table, { count, at: now });
    return count;
  }

  index(name: string): IndexSize | undefined {
    if (!this.#indexes.has(name)) this.#indexes.set(name, this.#describe(name));
    const known = this.#indexes.get(name);
    if (!known) return undefined;
    const { size, first, largestGroup } = known;
    if (!size.unique || size.columns > 1) {
      const text = `SELECT max(n) AS value FROM (SELECT count(*) AS n FROM ${quoted(size.table)} GROUP BY ${quoted(first)})`;
      // Twice what there was: it grows until it is measured again.
      this.#measure(size.table, largestGroup, text, GROUP_MS, (row) => 2 * Number(row["value"]));
    }
    return { ...size, largestGroup: largestGroup.value };
  }

  bytes(table: string, exact: boolean): TableBytes {
    const used = this.#usedBytes(exact ? 0 : FRESH_MS);
    const known = entry(this.#bytes, table);
    const allowed = (this.rows(table) ?? Infinity) <= SMALL_ROWS ? SMALL_GROWTH_BYTES : GROWTH_BYTES;
    if (known.value === undefined || used - known.used > allowed) this.#measureBytes(table, known, used);
    if (!known.value) return { largestRow: used, total: used, longestList: used / ELEMENT_BYTES };
    const growth = Math.max(0, used - known.used);
    const { largestRow, total, longestList } = known.value;
    return {
      largestRow: largestRow + growth,
      total: total + growth,
      longestList: longestList + growth / ELEMENT_BYTES,
    };
  }

  /**
   * Measures small tables again if anything was written since: what another table has grown by counts as theirs until then.
   *
   * @returns whether any was measured
   */
  refresh(tables: Iterable<string>): boolean {
    const used = this.#usedBytes(0);
    let isAny = false;
    for (const table of tables) {
      const known = entry(this.#bytes, table);
      if (known.used === used || (this.rows(table) ?? Infinity) > SMALL_ROWS) continue;
      this.#measureBytes(table, known, used);
      isAny ||= known.used === used;
    }
    return isAny;
  }

  /** @param maxAgeMs 0 for the size as it is now */
  #usedBytes(maxAgeMs: number): number {
    const now = performance.now();
    if (now - this.#used.at < maxAgeMs) return this.#used.bytes;
    const pages = Number(this.#first("PRAGMA page_count")?.["page_count"]);
    const free = Number(this.#first("PRAGMA freelist_count")?.["freelist_count"]);
    const bytes = (pages - free) * 4_096;
    this.#used = { bytes, at: now };
    return bytes;
  }

  #measureBytes(table: string, known: Measured<TableBytes>, used: number): void {
    if (performance.now() < known.again) return;
    const columns = this.#connection.all({ text: `PRAGMA table_info(${quoted(table)})`, values: [] });
    if (columns.length === 0) return;
    const sizeOf = ({ name }: Row): string => `ifnull(octet_length(${quoted(String(name))}), 0)`;
    const width = columns.map(sizeOf).join(" + ");
    const lists = columns.filter(({ type }) => type === "JSON").map(sizeOf);
    const list = lists.length > 1 ? `max(${lists.join()})` : (lists[0] ?? "0");
    const text = `SELECT max(n) AS largest, total(n) AS total, max(list) AS list FROM (SELECT ${width} AS n, ${list} AS list FROM ${quoted(table)})`;
    this.#measure(table, known, text, 0, (row) => {
      known.used = used;
      return {
        largestRow: Number(row["largest"] ?? 0),
        total: Number(row["total"]),
        longestList: Number(row["list"] ?? 0) / MIN_ELEMENT_BYTES,
      };
    });
  }

  #measure<T>(table: string, known: Measured<T>, text: string, restMs: number, read: (row: Row) => T): void {
    const start = performance.now();
    if (start < known.again) return;
    const isSmall = (this.rows(table) ?? Infinity) <= SMALL_ROWS;
    const measured = (row: Row | undefined): void => {
      if (row) known.value = read(row);
      const end = performance.now();
      known.again = end + Math.max(restMs, isSmall ? 0 : FRESH_MS, (end - start) * REST_FACTOR);
    };
    if (isSmall) return measured(this.#first(text));
    known.again = Infinity;
    // What can't be measured now is measured when it is needed again.
    this.#query(text).then(measured, () => measured(undefined));
  }

  #describe(name: string): KnownIndex | undefined {
    const table = this.#connection.first({
      text: "SELECT tbl_name AS name FROM sqlite_schema WHERE type = 'index' AND name = ?",
      values: [name],
    })?.["name"];
    if (typeof table !== "string") return undefined;
    const columns = this.#connection.all({ text: `PRAGMA index_info(${quoted(name)})`, values: [] });
    const list = this.#connection.all({ text: `PRAGMA index_list(${quoted(table)})`, values: [] });
    const first = columns[0]?.["name"];
    const own = list.find((index) => index["name"] === name);
    // An expression has no name.
    if (typeof first !== "string" || !own) return undefined;
    const size = { table, columns: columns.length, unique: own["unique"] === 1 };
    return { size, first, largestGroup: { value: undefined, used: 0, again: 0 } };
  }

  #first(text: string): Row | undefined {
    return this.#connection.first({ text, values: [] });
  }
}

function entry<T>(map: Map<string, Measured<T>>, key: string): Measured<T> {
  let known = map.get(key);
  if (!known) map.set(key, (known = { value: undefined, used: 0, again: 0 }));
  return known;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
