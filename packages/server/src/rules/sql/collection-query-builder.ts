import type { Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { type Sql, sql } from "../../store/sql.ts";
import type { Requesters } from "./requesters.ts";
import type { Condition, Operand } from "../resolve/condition.ts";
import { checkFilterLength } from "../syntax/filter-length.ts";
import type { RecordScope, Trust } from "../resolve/record-scope.ts";
import { resolveRule } from "../analysis/resolve-rule.ts";
import { recordNames } from "../resolve/resolve-name.ts";
import type { RuleContext } from "../rule-context.ts";
import { sortSql } from "./sort-sql.ts";
import { conditionSql } from "./condition-sql.ts";
import { AliasNames, JoinList } from "./join-list.ts";
import type { Target } from "./statement-context.ts";
import { bind } from "./bind.ts";
import { toTerm } from "./operand-term.ts";

export interface QueryScopeOptions {
  readonly schema: Schema;
  readonly collection: Collection;
  readonly context: RuleContext;
  /** Those who ask, when the SELECT is for many. */
  readonly askers?: Requesters;
  readonly now: Date;
  /**
   * The row source, when it is not the collection's own table: a table expression with the collection's columns that
   * holds the values of a record that is about to be made (`isNew`), or of a record as it was.
   */
  readonly table?: { readonly name: string; readonly alias?: string; readonly isNew?: boolean };
}

/**
 * The conditions and the order of one SELECT over one collection. They share their joins: a path that is named twice,
 * be it in the list rule and in the filter, leads to the same related row.
 */
export class QueryScope {
  readonly #options: QueryScopeOptions;
  readonly #row: string;
  readonly #joins = new JoinList(new AliasNames());
  /** The collections with a list rule that a client's text reached, by the alias of their record. */
  readonly #reached = new Map<string, Collection>();
  /** The aliases whose list rule is among the extra conditions. */
  readonly #guarded = new Set<string>();
  readonly #extraConditions: Sql[] = [];

  constructor(options: QueryScopeOptions) {
    this.#options = options;
    this.#row = options.table?.alias ?? options.table?.name ?? options.collection.name;
  }

  /**
   * The boolean expression of a rule.
   *
   * @throws RuleError for text that is no rule of the collection; the empty text is none
   */
  condition(text: string, trust: Trust): Sql {
    return conditionSql(this.#resolve(this.#options.collection, text, trust), this.#target(this.#row, trust));
  }

  /** The expression of an operand's value. */
  value(operand: Operand): Sql {
    return toTerm(operand, this.#target(this.#row, "trusted"), bind).sql;
  }

  /**
   * The boolean expression of a `filter` parameter, which may be no longer than 3500 bytes.
   *
   * @throws RuleError as `condition`
   */
  filter(text: string, trust: Trust): Sql {
    checkFilterLength(text);
    return this.condition(text, trust);
  }

  /**
   * The expressions of an ORDER BY from a `sort` parameter; `undefined` for the empty text.
   *
   * @throws RuleError for what is no column, and beyond PocketBase's limits
   */
  order(text: string, trust: Trust): Sql | undefined {
    if (text === "") return undefined;
    const { collection } = this.#options;
    const resolveName = recordNames(this.#scope(collection, trust));
    const target = this.#target(this.#row, trust);
    return sortSql(text, {
      column: (name, position) => toTerm(resolveName(name, position), target, bind),
      rowid: collection.type === "view" ? undefined : sql.id(this.#row, "_rowid_"),
    });
  }

  /** The LEFT JOINs that follow the table in FROM. */
  get joins(): Sql {
    this.#guard();
    return this.#joins.toSql();
  }

  /** The joins may repeat a row. */
  get distinct(): boolean {
    this.#guard();
    // Nothing says that the rows of a view differ.
    return this.#joins.multiplies || (this.#options.collection.type === "view" && !this.#joins.isEmpty);
  }

  /**
   * What must hold besides: the list rules of the collections that a client's filter or sort reached.
   *
   * @throws RuleError when one of those is no rule
   */
  get extraConditions(): readonly Sql[] {
    this.#guard();
    return this.#extraConditions;
  }

  #guard(): void {
    for (const [alias, collection] of this.#reached) {
      if (this.#guarded.has(alias)) continue;
      this.#guarded.add(alias);
      const rule = this.#resolve(collection, collection.listRule!, "trusted");
      const id = sql.id(alias, "id");
      // A record without such a relation must not fall to the rule of what it does not have.
      const holds = conditionSql(rule, this.#target(alias, "trusted"));
      this.#extraConditions.push(sql`(${id} = '' OR ${id} IS NULL OR ${holds})`);
    }
  }

  #resolve(collection: Collection, text: string, trust: Trust): Condition {
    return resolveRule(text, this.#scope(collection, trust));
  }

  #scope(collection: Collection, trust: Trust): RecordScope {
    const { schema, context, table } = this.#options;
    const isNew = table?.isNew === true && collection === this.#options.collection;
    const auth = context.principal.kind === "guest" ? undefined : context.principal.collection;
    return { schema, collection, trust, auth, isNew };
  }

  #target(row: string, trust: Trust): Target {
    const { context, askers, now } = this.#options;
    const onJoin = (collection: Collection, alias: string): void => {
      if (trust === "client" && collection.listRule) this.#reached.set(alias, collection);
    };
    return { context, askers, now, row, joins: this.#joins, inner: undefined, onJoin };
  }
}
