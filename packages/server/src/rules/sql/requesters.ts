import { type Sql, sql } from "../../store/sql.ts";
import type { RuleContext } from "../rule-context.ts";
import { type ReadFrom, RequestTexts } from "./request-texts.ts";

/** The table's name; no collection name starts with `@`. */
export const REQUESTERS = "@who";

/**
 * Evaluates a rule for many principals in one statement: the values of `@request.auth.*` come from a table with one row
 * per requester.
 */
export class Requesters extends RequestTexts {
  #comesFirst = false;

  override varies(part: string): boolean {
    return part === "auth";
  }

  /** Places the requesters' table before all joins, so that join conditions may read it. */
  override placeFirst(): void {
    this.#comesFirst = true;
  }

  protected override place(_read: ReadFrom<string | null>, index: number): Sql {
    return sql.id(REQUESTERS, `v${index}`);
  }

  /** The table as a common table expression; `key` is the index of the context. */
  table(contexts: readonly RuleContext[]): Sql {
    const rows = JSON.stringify(contexts.map((context) => this.texts.map((read) => read(context))));
    const columns = this.texts.map((_, index) => sql`, value ->> ${index} AS ${sql.id(`v${index}`)}`);
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
