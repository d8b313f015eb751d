import { type Sql, sql } from "../../store/sql.ts";
import type { Principal } from "../principal.ts";
import type { RuleValue } from "../resolve/request-value.ts";
import type { RuleContext } from "../rule-context.ts";

type ReadFrom<Found> = (context: RuleContext) => Found;

/** The table's name; no collection name starts with `@`. */
export const REQUESTERS = "@who";

/**
 * Evaluates a rule for many principals in one statement: the values of `@request.auth.*` come from a table with one row
 * per requester. The statement is compiled for the first requester. A rule's SQL depends on the kinds of its values and
 * only texts vary per row, so `isValidFor` says which other requesters the statement is correct for.
 */
export class Requesters {
  readonly #first: RuleContext;
  readonly #columns: ReadFrom<RuleValue>[] = [];
  readonly #fixed: { readonly value: RuleValue; readonly read: ReadFrom<RuleValue> }[] = [];
  #comesFirst = false;

  constructor(first: RuleContext) {
    this.#first = first;
  }

  /** The column of a text that varies per requester; `undefined` if the first requester's value is not such a text. */
  column(read: ReadFrom<RuleValue>, bound: (text: string) => string): Sql | undefined {
    const value = read(this.#first);
    if (!isPlainText(value)) {
      this.#fixed.push({ value, read });
      return undefined;
    }
    const count = this.#columns.push((context) => {
      const text = read(context);
      return isPlainText(text) ? bound(text) : null;
    });
    return sql.id(REQUESTERS, `v${count - 1}`);
  }

  /** As `column`, for a join condition: the requesters' table then comes before all joins. */
  leadingColumn(read: ReadFrom<RuleValue>): Sql | undefined {
    const column = this.column(read, (text) => text);
    if (column) this.placeFirst();
    return column;
  }

  /** Places the requesters' table before all joins, so that join conditions may read it. */
  placeFirst(): void {
    this.#comesFirst = true;
  }

  /** Whether the statement is correct for this requester too. Call it after the statement is compiled. */
  isValidFor(context: RuleContext): boolean {
    return (
      authCollectionOf(context.principal) === authCollectionOf(this.#first.principal) &&
      this.#fixed.every(({ value, read }) => Object.is(read(context), value)) &&
      this.#columns.every((read) => read(context) !== null)
    );
  }

  /** The table as a common table expression; `key` is the index of the context. */
  table(contexts: readonly RuleContext[]): Sql {
    const rows = JSON.stringify(contexts.map((context) => this.#columns.map((read) => read(context))));
    const columns = this.#columns.map((_, index) => sql`, value ->> ${index} AS ${sql.id(`v${index}`)}`);
    return sql`${sql.id(REQUESTERS)} AS MATERIALIZED (SELECT key${sql.join(columns, "")} FROM json_each(${rows}))`;
  }

  /** The FROM clause of these rows and their joins, repeated for each requester. */
  from(rows: Sql, joins: Sql): Sql {
    // Placed last, the requesters can be looked up by their values; a join that reads them must come after them.
    return this.#comesFirst
      ? sql`${sql.id(REQUESTERS)}, ${rows} ${joins}`
      : sql`${rows} ${joins} JOIN ${sql.id(REQUESTERS)}`;
  }

  /** The index of the context that a row belongs to. */
  get key(): Sql {
    return sql.id(REQUESTERS, "key");
  }
}

const authCollectionOf = (principal: Principal) => (principal.kind === "guest" ? undefined : principal.collection);

/** A text that compiles to the same SQL as any other: not empty, and unchanged by JSON. */
const isPlainText = (value: RuleValue): value is string =>
  typeof value === "string" && value !== "" && value.isWellFormed() && !value.includes("\0");
