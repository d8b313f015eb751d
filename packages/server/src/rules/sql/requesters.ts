import { type Sql, sql } from "../../store/sql.ts";
import type { Principal } from "../principal.ts";
import type { Value } from "../resolve/request-value.ts";
import type { RuleContext } from "../rule-context.ts";

type Read<Found> = (context: RuleContext) => Found;

/** The table's name; no collection's starts like this. */
const WHO = "@who";

/**
 * Asks a rule for many principals in one statement: what it reads of who asks comes from a table with a row for each of
 * them. The statement is compiled for the first; `fits` says for whom else it is right, since a rule's SQL depends on
 * what kind of values it meets, and only texts vary from row to row.
 */
export class Requesters {
  readonly #first: RuleContext;
  readonly #columns: Read<Value>[] = [];
  readonly #pinned: { readonly value: Value; readonly read: Read<Value> }[] = [];
  #leads = false;

  constructor(first: RuleContext) {
    this.#first = first;
  }

  /** The column of a text that differs from asker to asker; `undefined` if the first asker's value is no such text. */
  column(read: Read<Value>, bound: (text: string) => string): Sql | undefined {
    const value = read(this.#first);
    if (!isPlainText(value)) {
      this.#pinned.push({ value, read });
      return undefined;
    }
    const place = this.#columns.push((context) => {
      const text = read(context);
      return isPlainText(text) ? bound(text) : null;
    });
    return sql.id(WHO, `v${place - 1}`);
  }

  /** As `column`, for a join's condition: the table of those who ask then stands before all joins. */
  leading(read: Read<Value>): Sql | undefined {
    const column = this.column(read, (text) => text);
    this.#leads ||= column !== undefined;
    return column;
  }

  /** Is the statement right for this asker too? Ask when it is compiled. */
  fits(context: RuleContext): boolean {
    return (
      authOf(context.principal) === authOf(this.#first.principal) &&
      this.#pinned.every(({ value, read }) => Object.is(read(context), value)) &&
      this.#columns.every((read) => read(context) !== null)
    );
  }

  /** The table as a common table expression, in the order of the contexts: `key` is the place in that order. */
  table(contexts: readonly RuleContext[]): Sql {
    const rows = JSON.stringify(contexts.map((context) => this.#columns.map((read) => read(context))));
    const columns = this.#columns.map((_, place) => sql`, value ->> ${place} AS ${sql.id(`v${place}`)}`);
    return sql`${sql.id(WHO)} AS MATERIALIZED (SELECT key${sql.join(columns, sql``)} FROM json_each(${rows}))`;
  }

  /** A FROM of these rows and their joins, for each asker. */
  from(rows: Sql, joins: Sql): Sql {
    // Behind the joins SQLite may look those up who ask; a join that names them must stand behind.
    return this.#leads ? sql`${sql.id(WHO)}, ${rows} ${joins}` : sql`${rows} ${joins} JOIN ${sql.id(WHO)}`;
  }

  /** Which of the contexts a row is about. */
  get key(): Sql {
    return sql.id(WHO, "key");
  }
}

const authOf = (principal: Principal) => (principal.kind === "guest" ? undefined : principal.collection);

/** A text whose SQL is that of any other: not empty, and the same in JSON. */
const isPlainText = (value: Value): value is string =>
  typeof value === "string" && value !== "" && value.isWellFormed() && !value.includes("\0");
