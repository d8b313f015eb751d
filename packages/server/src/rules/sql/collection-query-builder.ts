import type { Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { EMPTY, type Sql, sql } from "../../store/sql.ts";
import type { RequestTexts } from "./request-texts.ts";
import type { Condition, Operand } from "../resolve/condition.ts";
import { checkFilterLength } from "../syntax/filter-length.ts";
import type { RecordScope, Trust } from "../resolve/record-scope.ts";
import { resolveRule } from "../analysis/resolve-rule.ts";
import { nameResolver } from "../resolve/resolve-name.ts";
import type { RuleContext } from "../rule-context.ts";
import { sortSql } from "./sort-sql.ts";
import { conditionSql, type Conjunct, conjunctsSql } from "./condition-sql.ts";
import { AliasNames, JoinList } from "./join-list.ts";
import type { ClientView, StatementContext } from "./statement-context.ts";
import { bind } from "./bind.ts";
import { toTerm } from "./operand-term.ts";
import { RuleError } from "../syntax/rule-error.ts";

const OR = " OR ";
/** SQLite counts the rows of a table in a hundredth of the time if there is no WHERE at all. */
const where = (conditions: readonly Sql[]): Sql =>
  conditions.length === 0 ? EMPTY : sql` WHERE ${sql.join(conditions, " AND ")}`;

export interface CollectionQueryOptions {
  readonly schema: Schema;
  readonly collection: Collection;
  readonly context: RuleContext;
  /** Set if the SELECT serves many requests. */
  readonly requesters?: RequestTexts | undefined;
  readonly now: Date;
  /**
   * The row source, if it is not the collection's own table: a table expression with the collection's columns that
   * holds the values of a record about to be created (`isNew`), or of an earlier version of a record.
   */
  readonly table?: { readonly name: string; readonly alias?: string; readonly isNew?: boolean };
}

/** Records, each once: what follows the columns of a SELECT, up to its ORDER BY. */
export interface RecordSource {
  /** From FROM to the end of WHERE. */
  readonly from: Sql;
  readonly distinct: boolean;
  /** The order of records that no other order separates; `undefined` for that in which SQLite finds them. */
  readonly order: Sql | undefined;
}

/**
 * Builds the conditions and order of one SELECT on one collection. They share their joins: the same path in the list
 * rule and in the filter leads to the same related row.
 */
export class CollectionQueryBuilder {
  readonly #options: CollectionQueryOptions;
  readonly #rowAlias: string;
  readonly #joins = new JoinList(new AliasNames());
  /** The joined collections with a list rule that a client's filter or sort reads, by alias. */
  readonly #clientJoins = new Map<string, Collection>();
  /** The aliases whose list rule is already an extra condition. */
  readonly #withListRule = new Set<string>();
  readonly #extraConditions: Sql[] = [];
  readonly #required: Conjunct[] = [];
  #sortsByJoins = false;
  /** What comes before the table. */
  #index: Sql = EMPTY;

  constructor(options: CollectionQueryOptions) {
    this.#options = options;
    this.#rowAlias = options.table?.alias ?? options.table?.name ?? options.collection.name;
  }

  /**
   * The boolean expression of a rule.
   *
   * @throws RuleError for text that is not a valid rule of the collection, the empty text included
   */
  condition(text: string, trust: Trust): Sql {
    return conditionSql(this.#resolve(this.#options.collection, text, trust), this.#statement(this.#rowAlias, trust));
  }

  /** The SQL of an operand's value. */
  value(operand: Operand): Sql {
    return toTerm(operand, this.#statement(this.#rowAlias, "trusted"), bind).sql;
  }

  /**
   * The boolean expression of a `filter` parameter of at most 3500 bytes.
   *
   * @throws RuleError as `condition` does, and for a longer text
   */
  filter(text: string, trust: Trust): Sql {
    checkFilterLength(text);
    return this.condition(text, trust);
  }

  /**
   * The ORDER BY expressions of a `sort` parameter; `undefined` for the empty text.
   *
   * @param rank what `@rank` means
   * @throws RuleError for an unknown column, or beyond PocketBase's limits
   */
  order(text: string, trust: Trust, rank?: Sql): Sql | undefined {
    if (text === "") return undefined;
    const { collection } = this.#options;
    const resolveName = nameResolver(this.#scope(collection, trust));
    const statement = { ...this.#statement(this.#rowAlias, trust), clientView: this.#clientView(trust, "sort") };
    const before = this.#joins.uses;
    const order = sortSql(text, {
      column: (name, position) => toTerm(resolveName(name, position), statement, bind),
      rowid: collection.type === "view" ? undefined : sql.id(this.#rowAlias, "_rowid_"),
      rank,
    });
    this.#sortsByJoins ||= this.#joins.uses > before;
    return order;
  }

  /**
   * The value of a name, for an answer: of an email, what its requester sees.
   *
   * @throws RuleError for a name that is unknown or not allowed
   */
  shown(name: string, trust: Trust): { readonly operand: Operand; readonly value: Sql } {
    const operand = nameResolver(this.#scope(this.#options.collection, trust))(name, 0);
    const statement = { ...this.#statement(this.#rowAlias, trust), clientView: this.#clientView(trust, "sort") };
    return { operand, value: toTerm(operand, statement, bind).sql };
  }

  /** Adds a condition on the collection's own columns that the `records` must meet. */
  requireOwn(condition: Sql): void {
    this.#required.push({ sql: condition, readsJoins: false });
  }

  /** Takes the `records` from an index, which comes before the table: the text that ends with its join. */
  requireIndex(index: Sql | undefined, condition: Sql): void {
    if (index) this.#index = index;
    this.requireOwn(condition);
  }

  /** Adds a rule that the `records` must meet. @throws RuleError as `condition` does */
  requireRule(text: string, trust: Trust): void {
    const condition = this.#resolve(this.#options.collection, text, trust);
    this.#required.push(...conjunctsSql(condition, this.#statement(this.#rowAlias, trust)));
  }

  /** Adds a `filter` parameter that the `records` must meet. @throws RuleError as `filter` does */
  requireFilter(text: string, trust: Trust): void {
    checkFilterLength(text);
    this.requireRule(text, trust);
  }

  /** The records that meet all that is required of them. */
  records(): RecordSource {
    const table = sql`${this.#index}${sql.id(this.#options.collection.name)}`;
    const extra = this.extraConditions;
    const isView = this.#options.collection.type === "view";
    if (!this.#joins.multiplies || this.#joins.leadsBack || this.#sortsByJoins || isView) {
      const conditions = [...this.#required.map((part) => part.sql), ...extra];
      return { from: sql`FROM ${table}${this.joins}${where(conditions)}`, distinct: this.distinct, order: undefined };
    }
    // A record is looked for among its joined rows until one is found (docs/decisions/0027).
    const { true: inside = [], false: outside = [] } = Object.groupBy(this.#required, (part) => `${part.readsJoins}`);
    const joined = [...inside.map((part) => part.sql), ...extra];
    const exists = sql`EXISTS (SELECT 1 FROM (SELECT 1) AS "one"${this.joins}${where(joined)})`;
    const conditions = [...outside.map((part) => part.sql), exists];
    // The order in which SQLite finds distinct rows.
    return { from: sql`FROM ${table}${where(conditions)}`, distinct: false, order: sql.id(this.#rowAlias, "id") };
  }

  /** The LEFT JOINs that follow the table in the FROM clause. */
  get joins(): Sql {
    this.#addListRules();
    return this.#joins.toSql();
  }

  /** Whether the SELECT needs DISTINCT because the joins may repeat a row. */
  get distinct(): boolean {
    this.#addListRules();
    // The rows of a view need not be unique.
    return this.#joins.multiplies || (this.#options.collection.type === "view" && !this.#joins.isEmpty);
  }

  /**
   * What must hold too because of what a client's filter or sort reads: the list rules of the collections that it joins.
   *
   * @throws RuleError if one of them is invalid
   */
  get extraConditions(): readonly Sql[] {
    this.#addListRules();
    return [...this.#extraConditions, ...this.#joins.conditions];
  }

  #addListRules(): void {
    for (const [alias, collection] of this.#clientJoins) {
      if (this.#withListRule.has(alias)) continue;
      this.#withListRule.add(alias);
      const rule = this.#resolve(collection, collection.listRule!, "trusted");
      const id = sql.id(alias, "id");
      // A record without the relation must not fail the rule of a record that does not exist.
      const holds = conditionSql(rule, this.#statement(alias, "trusted"));
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

  #statement(rowAlias: string, trust: Trust): StatementContext {
    const { context, requesters, now, collection } = this.#options;
    const onJoin = (joined: Collection, alias: string): void => {
      if (trust === "client" && joined.listRule) this.#clientJoins.set(alias, joined);
    };
    const clientView = this.#clientView(trust, "filter");
    const joins = this.#joins;
    return { context, requesters, now, rowAlias, collection, joins, subqueryJoins: undefined, onJoin, clientView };
  }

  #clientView(trust: Trust, use: "filter" | "sort"): ClientView | undefined {
    const { schema, collection: own } = this.#options;
    if (trust === "trusted" || schema.clientFilters === "pocketbase") return undefined;
    return {
      guard: (collection) => {
        const { listRule } = collection;
        return listRule ? (alias) => this.#ruleHolds(collection, listRule, alias) : undefined;
      },
      seesEmail: (alias, collection = own) => {
        const isPublic = sql`${sql.id(alias, "emailVisibility")} = TRUE`;
        // As in PocketBase, a filter finds public emails only. A sort follows the emails that the client is shown.
        return use === "filter" ? isPublic : sql`(${sql.join([isPublic, ...this.#showsEmail(alias, collection)], OR)})`;
      },
    };
  }

  /** Why a client may be shown an email that is not public: the record is its own, or it manages the record. */
  #showsEmail(alias: string, collection: Collection): readonly Sql[] {
    const { principal } = this.#options.context;
    const manageRule = collection.type === "auth" && collection.auth.manageRule;
    const isOwn = principal.kind !== "guest" && principal.collection.id === collection.id;
    return [
      ...(isOwn ? [sql`${sql.id(alias, "id")} = ${principal.values.id}`] : []),
      ...(manageRule ? [this.#readableRuleHolds(collection, manageRule, alias)] : []),
    ];
  }

  /** As `#ruleHolds`, but no record meets an unreadable rule. */
  #readableRuleHolds(collection: Collection, rule: string, alias: string): Sql {
    try {
      return this.#ruleHolds(collection, rule, alias);
    } catch (error) {
      if (error instanceof RuleError) return sql`FALSE`;
      throw error;
    }
  }

  /** Whether a joined record meets a rule of its collection; it may be part of the join's own condition. */
  #ruleHolds(collection: Collection, rule: string, alias: string): Sql {
    // What the rule joins can't come before the record, so it goes into a subquery.
    const joins = new JoinList(this.#joins.names);
    this.#options.requesters?.placeFirst();
    const statement = { ...this.#statement(alias, "trusted"), joins };
    const holds = conditionSql(this.#resolve(collection, rule, "trusted"), statement);
    return joins.isEmpty ? holds : sql`EXISTS (SELECT 1 FROM (SELECT 1) AS "one"${joins.toSql()} WHERE ${holds})`;
  }
}
