import {
  DummyDriver,
  Kysely,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql as kyselySql,
} from "kysely";

/** A column's value, or one bound to a statement. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** A fragment of SQL with its bound values. */
export type Sql = RawBuilder<unknown>;

/** A statement as the driver takes it: hot paths keep the text and change the values. */
export interface Query {
  readonly text: string;
  readonly values: readonly SqlValue[];
  /** Rows after which it stops, unless it has to sort them: for a page without conditions. */
  readonly stopsAfter?: number | undefined;
  /** What visiting a row costs, if it is not 1: to count rows, SQLite doesn't read them. */
  readonly visitCost?: number | undefined;
  /** Rows of its common table expressions, by name: the plan doesn't know them. */
  readonly sizes?: Readonly<Record<string, number>>;
}

/** One row as the driver returns it. */
export type Row = Readonly<Record<string, SqlValue>>;

/**
 * The template tag for SQL: `` sql`… ${value}` `` binds the value; `sql.table`, `sql.ref` and `sql.id` quote names,
 * `sql.join` joins fragments, and fragments nest.
 */
export const sql = kyselySql;

/** A fragment of text that this program wrote. Never pass anything that a client sent. */
export const verbatim = (text: string): Sql => kyselySql.raw(text);

export const EMPTY: Sql = kyselySql``;

const compiler = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

export function toQuery(statement: Sql | Query): Query {
  if ("text" in statement) return statement;
  const { sql: text, parameters } = statement.compile(compiler);
  return { text, values: parameters as readonly SqlValue[] };
}
