import { LRUCache } from "lru-cache";
import { empty, join, raw, Sql } from "sql-template-tag";

/** A column's value, or one bound to a statement. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** A fragment of SQL with its bound values. */
export type { Sql } from "sql-template-tag";

/** A statement as the driver takes it: hot paths keep the text and change the values. */
export interface Query {
  readonly text: string;
  readonly values: readonly SqlValue[];
  /** Rows after which it stops, unless it has to sort them: for a page without conditions. */
  readonly stopsAfter?: number | undefined;
  /** What visiting a row costs, if it is not 1: to count rows, SQLite doesn't read them. */
  readonly visitCost?: number | undefined;
  /** Whether its rows, which are few and small, may be those of an equal statement since which nothing was written. */
  readonly isReusable?: boolean | undefined;
  /** The most rows of its subqueries with a LIMIT, by name: the plan doesn't know it. */
  readonly limits?: Readonly<Record<string, number>>;
  /** Rows of its common table expressions, by name: the plan doesn't know them. */
  readonly sizes?: Readonly<Record<string, number>>;
}

/** One row as the driver returns it. */
export type Row = Readonly<Record<string, SqlValue>>;

const tag = (strings: TemplateStringsArray, ...values: readonly (Sql | SqlValue)[]): Sql => new Sql(strings, values);

/** Names of tables, columns and aliases: statements have the same ones again and again. */
const ids = new LRUCache<string, Sql>({ max: 2_000 });

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * The template tag for SQL: `` sql`… ${value}` `` binds the value, and fragments nest. `sql.id` quotes a name, or several
 * joined by dots; `sql.join` joins fragments and values.
 */
export const sql = Object.assign(tag, {
  id: (...names: readonly string[]): Sql => {
    const text = names.map(quoted).join(".");
    let id = ids.get(text);
    if (!id) ids.set(text, (id = raw(text)));
    return id;
  },
  /** @param separator text that this program wrote */
  join: (parts: readonly (Sql | SqlValue)[], separator = ", "): Sql =>
    parts.length === 0 ? EMPTY : join(parts, separator),
});

/**
 * Binds a value that is compared. SQLite takes a bare `?` in a pattern, or beside a joined column, for a reason to plan the
 * statement again whenever the value changes, which takes ten times as long as to run it.
 */
export const compared = (value: SqlValue | Sql): Sql => tag`+${value}`;

/** A statement that is kept and run with different inputs, from which it reads some of its values. */
export interface KeptQuery<Input> {
  readonly text: string;
  readonly values: readonly (SqlValue | ((input: Input) => SqlValue))[];
}

/** A value that a kept statement reads when it runs. */
export const late = (read: (input: never) => SqlValue): Sql => new Sql(["", ""], [read]);

export const keepQuery = <Input>(statement: Sql): KeptQuery<Input> => ({
  text: statement.sql,
  values: statement.values as KeptQuery<Input>["values"],
});

export const withInput = <Input>({ text, values }: KeptQuery<Input>, input: Input): Query => ({
  text,
  values: values.map((value) => (typeof value === "function" ? value(input) : value)),
});

/** A fragment of text that this program wrote. Never pass anything that a client sent. */
export const verbatim = raw;

export const EMPTY: Sql = empty;

export function toQuery(statement: Sql | Query): Query {
  if (!(statement instanceof Sql)) return statement;
  return { text: statement.sql, values: statement.values as readonly SqlValue[] };
}
