import { type Sql, sql } from "../../store/sql.ts";
import type { Operand } from "../resolve/condition.ts";
import { checkFilterLength } from "../syntax/filter-length.ts";
import { parseRule } from "../syntax/parse.ts";
import { GUEST } from "../principal.ts";
import { resolveExpression } from "../resolve/resolve-expression.ts";
import { RuleError } from "../syntax/rule-error.ts";
import type { RuleContext } from "../rule-context.ts";
import { sortSql } from "./sort-sql.ts";
import { conditionSql } from "./condition-sql.ts";
import { AliasNames, JoinList } from "./join-list.ts";
import type { StatementContext } from "./statement-context.ts";
import { bind } from "./bind.ts";
import { toTerm } from "./operand-term.ts";

export interface TableQueryOptions {
  readonly table: string;
  readonly columns: readonly string[];
  /** The columns that hold JSON and allow a path into it. */
  readonly jsonColumns?: readonly string[];
  readonly now: Date;
}

/**
 * Builds the conditions and order of a SELECT on a table that belongs to no collection. It allows plain columns, paths
 * into json columns, macros and functions, but no modifiers, joins or `@request`.
 */
export class TableQueryBuilder {
  readonly #options: TableQueryOptions;
  readonly #statement: StatementContext;

  constructor(options: TableQueryOptions) {
    this.#options = options;
    this.#statement = {
      context: NO_REQUEST,
      requesters: undefined,
      now: options.now,
      rowAlias: options.table,
      collection: undefined,
      joins: new JoinList(new AliasNames()),
      subqueryJoins: undefined,
      onJoin: () => {},
      clientView: undefined,
    };
  }

  /** @throws RuleError for text that is not a valid filter on these columns, the empty text included */
  filter(text: string): Sql {
    checkFilterLength(text);
    return conditionSql(resolveExpression(parseRule(text), this.#resolveName), this.#statement);
  }

  /**
   * The ORDER BY expressions of a `sort` parameter; `undefined` for the empty text.
   *
   * @throws RuleError for an unknown column, or beyond PocketBase's limits
   */
  order(text: string): Sql | undefined {
    if (text === "") return undefined;
    return sortSql(text, {
      column: (name, position) => toTerm(this.#resolveName(name, position), this.#statement, bind),
      rowid: sql.id(this.#options.table, "_rowid_"),
    });
  }

  readonly #resolveName = (name: string, position: number): Operand => {
    const { columns, jsonColumns = [] } = this.#options;
    const [first = "", ...path] = name.split(".");
    if (!(path.length === 0 ? columns : jsonColumns).includes(first) || !/^[\w.]+$/.test(name)) {
      throw new RuleError(`unknown field "${name}"`, position);
    }
    const column = { name: first, type: "text", multiple: false } as const;
    const access =
      path.length === 0
        ? ({ kind: "column", column, lower: false } as const)
        : ({ kind: "json", column, path, lower: false } as const);
    return { kind: "field", steps: [], access, publicEmail: false };
  };
}

const NO_REQUEST: RuleContext = {
  principal: GUEST,
  context: "default",
  method: "GET",
  query: {},
  headers: {},
  body: {},
};
