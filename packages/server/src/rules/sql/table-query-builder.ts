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
import type { Target } from "./statement-context.ts";
import { bind } from "./bind.ts";
import { toTerm } from "./operand-term.ts";

export interface SimpleScopeOptions {
  readonly table: string;
  readonly columns: readonly string[];
  /** Those of the columns that hold JSON and may be followed by a path. */
  readonly jsonColumns?: readonly string[];
  readonly now: Date;
}

/**
 * The conditions and the order of a SELECT over a table that is no collection's: plain columns, paths into json
 * columns, macros and functions; no modifiers, no joins, no `@request`.
 */
export class SimpleScope {
  readonly #options: SimpleScopeOptions;
  readonly #target: Target;

  constructor(options: SimpleScopeOptions) {
    this.#options = options;
    this.#target = {
      context: NO_REQUEST,
      askers: undefined,
      now: options.now,
      row: options.table,
      joins: new JoinList(new AliasNames()),
      inner: undefined,
      onJoin: () => {},
    };
  }

  /** @throws RuleError for text that is no filter of these columns; the empty text is none */
  filter(text: string): Sql {
    checkFilterLength(text);
    return conditionSql(resolveExpression(parseRule(text), this.#resolveName), this.#target);
  }

  /**
   * The expressions of an ORDER BY from a `sort` parameter; `undefined` for the empty text.
   *
   * @throws RuleError for what is no column, and beyond PocketBase's limits
   */
  order(text: string): Sql | undefined {
    if (text === "") return undefined;
    return sortSql(text, {
      column: (name, position) => toTerm(this.#resolveName(name, position), this.#target, bind),
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
