import { EMPTY, type Sql, sql } from "../../store/sql.ts";

/** Gives each table of a statement a unique alias. No collection name contains `#`, so an alias never shadows one. */
export class AliasNames {
  #used = 0;

  next(label: string): string {
    this.#used += 1;
    return `${label}#${this.#used}`;
  }
}

/** The LEFT JOINs of one FROM clause. Equal joins are written once. */
export class JoinList {
  readonly #aliases = new Map<string, string>();
  readonly #joins: Sql[] = [];
  readonly #conditions = new Map<string, Sql>();

  /** Whether a join may give several rows for one record. */
  multiplies = false;
  /** How often a joined table was named. */
  uses = 0;
  /** Whether an index leads from a joined row back to the record, so that SQLite may start at either. */
  leadsBack = false;

  constructor(readonly names: AliasNames) {}

  get isEmpty(): boolean {
    return this.#joins.length === 0;
  }

  /** Conditions on the joined rows, which belong to the WHERE clause. */
  get conditions(): readonly Sql[] {
    return [...this.#conditions.values()];
  }

  has(key: string): boolean {
    return this.#aliases.has(key);
  }

  /** Adds a condition on the joined rows. Equal keys share one. */
  require(key: string, condition: Sql): void {
    this.#conditions.set(key, condition);
  }

  /**
   * Returns the alias of a joined table; the first call with a key adds the join.
   *
   * @param key identifies the join; equal keys share one
   * @param label the start of the alias
   * @param table the table, without its alias
   * @param on gives the join condition for the alias
   */
  alias(key: string, label: string, table: Sql, on: (alias: string) => Sql): string {
    this.uses += 1;
    const known = this.#aliases.get(key);
    if (known !== undefined) return known;
    const alias = this.names.next(label);
    this.#aliases.set(key, alias);
    this.#joins.push(sql` LEFT JOIN ${table} AS ${sql.id(alias)} ON ${on(alias)}`);
    return alias;
  }

  toSql(): Sql {
    return this.isEmpty ? EMPTY : sql.join(this.#joins, "");
  }
}
