import type { AuthCollection, Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { GUEST, type Principal, principalOf } from "../../rules/principal.ts";
import { EMPTY, type Query, sql, toQuery } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { readRow } from "../model/columns.ts";
import type { RecordContext, WriteContext } from "../model/record-context.ts";
import { queryBuilder } from "../query/select-records.ts";
import { isUnreadableRule } from "../query/unreadable-rule.ts";

/** A query to measure. */
export interface AdvisedQuery {
  readonly query: Query;
  /** Where it comes from, such as `list rule of posts`. */
  readonly origins: readonly string[];
  /** How often the server has run it; 0 for a rule that nobody has met yet. */
  readonly uses: number;
}

const RULES = ["list", "view", "create", "update", "delete"] as const;
const PAGE = 30;

/**
 * What the rules of all collections ask of the database when an account lists records: one query for each rule that differs
 * from the collection's others.
 *
 * @param write stands for the server's context; its principal is an account of the folder
 */
export async function ruleQueries(reader: Reader, write: WriteContext): Promise<readonly AdvisedQuery[]> {
  const principal = await someAccount(reader, write.schema);
  const context: RecordContext = {
    ...write,
    principal,
    context: "default",
    method: "GET",
    query: {},
    headers: {},
    body: {},
  };
  return write.schema.collections.flatMap((collection) => queriesOf(context, collection));
}

function queriesOf(context: RecordContext, collection: Collection): readonly AdvisedQuery[] {
  if (collection.type === "view" || collection.system) return [];
  const byRule = new Map<string, string[]>();
  for (const action of RULES) {
    const rule = collection[`${action}Rule`];
    if (rule === null || rule === "") continue;
    byRule.set(rule, [...(byRule.get(rule) ?? []), `${action} rule of ${collection.name}`]);
  }
  return [...byRule].flatMap(([rule, origins]) => {
    const query = queryOf(context, collection, rule);
    return query ? [{ query, origins, uses: 0 }] : [];
  });
}

function queryOf(context: RecordContext, collection: Collection, rule: string): Query | undefined {
  try {
    const builder = queryBuilder(context, collection);
    builder.requireRule(rule, "trusted");
    const { from, distinct } = builder.records();
    const table = sql.id(collection.name);
    return toQuery(sql`SELECT ${distinct ? sql`DISTINCT` : EMPTY} ${table}.* ${from} LIMIT ${PAGE}`);
  } catch (error) {
    if (isUnreadableRule(error)) return undefined;
    throw error;
  }
}

/** An account of the application's; a guest if there is none. */
async function someAccount(reader: Reader, schema: Schema): Promise<Principal> {
  const collections = schema.collections.filter(
    (collection): collection is AuthCollection => collection.type === "auth" && !collection.system,
  );
  for (const collection of collections) {
    const row = await reader.first(sql`SELECT * FROM ${sql.id(collection.name)} ORDER BY _rowid_ DESC LIMIT 1`);
    if (row) return principalOf(collection, readRow(collection, row));
  }
  return GUEST;
}
