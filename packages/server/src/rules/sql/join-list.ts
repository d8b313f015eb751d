import { EMPTY, type Sql, sql } from "../../store/sql.ts";

/** Gives each table of a statement a name of its own; `#` stands in no collection's name, so none is ever hidden. */
export class AliasNames {
  #used = 0;

  next(label: string): string {
    this.#used += 1;
    return `${label}#${this.#used}`;
  }
}

/** The LEFT JOINs of one FROM, each asked for as often as it is needed and written once. */
export class JoinList {
  readonly #aliases = new Map<string, string>();
  readonly #joins: Sql[] = [];

  /** A join may give several rows for one. */
  multiplies = false;

  constructor(readonly names: AliasNames) {}

  get isEmpty(): boolean {
    return this.#joins.length === 0;
  }

  /**
   * The alias of a joined table; the first call with a key adds the join.
   *
   * @param key what is joined; equal keys share a join
   * @param label what the alias begins with
   * @param table the table, given its alias
   * @param on the condition, given the alias
   */
  alias(key: string, label: string, table: Sql, on: (alias: string) => Sql): string {
    const known = this.#aliases.get(key);
    if (known !== undefined) return known;
    const alias = this.names.next(label);
    this.#aliases.set(key, alias);
    this.#joins.push(sql` LEFT JOIN ${table} AS ${sql.id(alias)} ON ${on(alias)}`);
    return alias;
  }

  toSql(): Sql {
    return this.isEmpty ? EMPTY : sql.join(this.#joins, EMPTY);
  }
}
