import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import { recordId } from "@headwater/protocol";
import { collectionFromRow } from "../../collections/model/collection-row.ts";
import { type AuthCollection, type Collection, SUPERUSERS } from "../../collections/model/collection.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { Schema } from "../../collections/model/schema.ts";
import { EMPTY, type Query, type Row, type Sql, sql, type SqlValue, toQuery } from "../../store/sql.ts";
import { GUEST, isSuperuser, type Principal, principalOf } from "../principal.ts";
import { CollectionQueryBuilder, type CollectionQueryOptions } from "../sql/collection-query-builder.ts";
import { RuleError } from "../syntax/rule-error.ts";
import type { RuleContext } from "../rule-context.ts";

/** The time at which PocketBase's results in the tables were recorded. */
export const NOW = new Date("2026-11-21T10:00:00Z");

export interface ListQuery {
  readonly collection: string;
  /** `guest`, `root` (a superuser), or the short id of a user. */
  readonly as: string;
  readonly rule?: string;
  readonly filter?: string;
  readonly sort?: string;
  readonly context?: Partial<RuleContext>;
}

/**
 * The database of `blog.sql`, as PocketBase wrote it. Ids are padded with zeros to their length: `p1` is
 * `p10000000000000`.
 */
export class Blog {
  readonly #database = new Database(":memory:");
  readonly schema: Schema;

  /** @param schema used instead of the stored one */
  constructor(schema?: Schema) {
    this.#database.run(read("blog.sql"));
    const rows = this.#database.query<Row, []>("SELECT * FROM _collections").all();
    this.schema = schema ?? new Schema(rows.map(collectionFromRow), "pocketbase");
  }

  collection(name: string): Collection {
    const collection = this.schema.find(name);
    if (!collection) throw new Error(`no collection ${name}`);
    return collection;
  }

  all(statement: Sql): Row[] {
    return this.run(toQuery(statement));
  }

  run({ text, values }: Query): Row[] {
    return this.#database.query<Row, SqlValue[]>(text).all(...values);
  }

  principal(name: string): Principal {
    if (name === "guest") return GUEST;
    if (name === "root") return principalOf(this.#auth(SUPERUSERS), { id: recordId(longId("root")) });
    const users = this.#auth("users");
    const [row] = this.all(sql`SELECT * FROM users WHERE id = ${longId(name)}`);
    const values = users.fields.map((field) => [field.name, kindOf(field).fromColumn(field, row![field.name]!)]);
    return principalOf(users, { id: recordId(longId(name)), ...Object.fromEntries(values) });
  }

  queryBuilder(
    { collection, as, context }: ListQuery,
    table?: CollectionQueryOptions["table"],
    requesters?: CollectionQueryOptions["requesters"],
  ): CollectionQueryBuilder {
    return new CollectionQueryBuilder({
      schema: this.schema,
      collection: this.collection(collection),
      context: {
        principal: this.principal(as),
        context: "default",
        method: "GET",
        query: {},
        headers: {},
        body: {},
        ...context,
      },
      now: NOW,
      requesters,
      ...(table && { table }),
    });
  }

  /** The short ids of the matching records, sorted by id unless the query has a sort; `error` if it is refused. */
  list(query: ListQuery): string {
    try {
      const ids = this.all(this.#select(query)).map(({ id }) => String(id).replace(/0{6,}$/, ""));
      return (query.sort ? ids : ids.sort()).join(" ");
    } catch (error) {
      if (error instanceof RuleError) return "error";
      throw error;
    }
  }

  #select(query: ListQuery): Sql {
    const { rule = "", filter = "", sort = "" } = query;
    const builder = this.queryBuilder(query);
    const trust = isSuperuser(this.principal(query.as)) ? "trusted" : "client";
    if (rule !== "" && trust === "client") builder.requireRule(rule, "trusted");
    if (filter !== "") builder.requireFilter(filter, trust);
    const order = builder.order(sort, trust);
    const { from, distinct } = builder.records();
    const table = sql.id(this.collection(query.collection).name);
    return sql`SELECT ${distinct ? sql`DISTINCT` : EMPTY} ${table}.* ${from} ${order ? sql`ORDER BY ${order}` : EMPTY}`;
  }

  #auth(name: string): AuthCollection {
    const collection = this.collection(name);
    if (collection.type !== "auth") throw new Error(`${name} is not an auth collection`);
    return collection;
  }
}

export const longId = (short: string): string => short.padEnd(15, "0");

/** The lines of a table, split at tabs. */
export const readTable = (name: string): string[][] =>
  read(name)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"));

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
