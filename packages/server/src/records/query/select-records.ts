import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Rule } from "../../collections/model/rule.ts";
import { forbidden } from "../../lib/api-error.ts";
import { isSuperuser } from "../../rules/principal.ts";
import { CollectionQueryBuilder } from "../../rules/sql/collection-query-builder.ts";
import { keptQuery, type QueryInput } from "../../rules/sql/kept-queries.ts";
import type { RequestTexts } from "../../rules/sql/request-texts.ts";
import { resolveRule } from "../../rules/analysis/resolve-rule.ts";
import { compared, EMPTY, late, type Query, type Sql, sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { readRow } from "../model/columns.ts";
import type { RecordContext } from "../model/record-context.ts";
import { recordScope } from "../model/record-scope.ts";
import { undefinedIfUnreadable } from "./unreadable-rule.ts";

/**
 * The rule that this principal has to meet; "" for a superuser.
 *
 * @throws ApiError 403 if only superusers may perform the action
 */
export function ruleFor({ principal }: RecordContext, rule: Rule): string {
  if (isSuperuser(principal)) return "";
  if (rule === null) throw forbidden("Only superusers can perform this action.");
  return rule;
}

/** @param requesters set for a statement that is kept for other requests */
export const queryBuilder = (
  context: RecordContext,
  collection: Collection,
  requesters?: RequestTexts,
): CollectionQueryBuilder =>
  new CollectionQueryBuilder({ schema: context.schema, collection, context, requesters, now: context.now });

export const allOf = (conditions: readonly Sql[]): Sql => sql.join([sql`TRUE`, ...conditions], " AND ");

/**
 * Those of the records with these ids that meet a rule.
 *
 * @param rule "" for no rule
 * @throws RuleError for an unreadable rule, even without ids
 */
export async function selectRecords(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  rule: string,
  ids: readonly string[],
): Promise<RecordValues[]> {
  const rows = await reader.all(selectById(context, collection, rule, "many", JSON.stringify(ids)));
  return rows.map((row) => readRow(collection, row));
}

/** The record with this id, if it meets the rule. No record meets an unreadable rule. */
export async function selectRecord(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  rule: string,
  id: string,
): Promise<RecordValues | undefined> {
  const row = await undefinedIfUnreadable(() => reader.first(selectById(context, collection, rule, "one", id)));
  return row && readRow(collection, row);
}

const given = late((input: QueryInput<string>) => input.given);

/** What the ids of `one` and of `many` records are compared with. */
const COMPARED = {
  one: sql`= ${compared(given)}`,
  many: sql`IN (SELECT value FROM json_each(${given}))`,
} as const;

/** @param value an id, or many as JSON */
function selectById(
  context: RecordContext,
  collection: Collection,
  rule: string,
  use: keyof typeof COMPARED,
  value: string,
): Query {
  const condition = rule === "" ? undefined : resolveRule(rule, recordScope(context, collection));
  return keptQuery({ rule: condition ?? collection, use }, { context, given: value }, (requesters) => {
    const builder = queryBuilder(context, collection, requesters);
    builder.requireOwn(sql`${idColumn(collection)} ${COMPARED[use]}`);
    if (rule !== "") builder.requireRule(rule, "trusted");
    return selectFrom(collection, builder);
  });
}

function selectFrom(collection: Collection, builder: CollectionQueryBuilder): Sql {
  const { from, distinct } = builder.records();
  return sql`SELECT ${distinct ? sql`DISTINCT` : EMPTY} ${sql.id(collection.name)}.* ${from}`;
}

export const idColumn = (collection: Collection): Sql => sql.id(collection.name, "id");
