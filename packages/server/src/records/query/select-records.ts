import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Rule } from "../../collections/model/rule.ts";
import { forbidden } from "../../lib/api-error.ts";
import { isSuperuser } from "../../rules/principal.ts";
import { CollectionQueryBuilder } from "../../rules/sql/collection-query-builder.ts";
import { keptQuery } from "../../rules/sql/kept-queries.ts";
import type { RequestTexts } from "../../rules/sql/request-texts.ts";
import { resolveRule } from "../../rules/analysis/resolve-rule.ts";
import { compared, EMPTY, late, type Sql, sql } from "../../store/sql.ts";
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
 * The stored records that meet a condition and a rule.
 *
 * @param rule "" for no rule
 * @param condition on the collection's own columns, named with `idColumn` or the like
 * @throws RuleError for an unreadable rule, even if no record meets the condition
 */
export async function selectRecords(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  rule: string,
  condition: Sql,
): Promise<RecordValues[]> {
  const builder = queryBuilder(context, collection);
  builder.requireOwn(condition);
  if (rule !== "") builder.requireRule(rule, "trusted");
  const rows = await reader.all(selectFrom(collection, builder));
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
  const row = await undefinedIfUnreadable(() => {
    const condition = rule === "" ? undefined : resolveRule(rule, recordScope(context, collection));
    const input = { context, given: id };
    return reader.first(
      keptQuery({ rule: condition ?? collection, use: "record" }, input, (requesters) => {
        const builder = queryBuilder(context, collection, requesters);
        builder.requireOwn(sql`${idColumn(collection)} = ${compared(late(({ given }: typeof input) => given))}`);
        if (rule !== "") builder.requireRule(rule, "trusted");
        return selectFrom(collection, builder);
      }),
    );
  });
  return row && readRow(collection, row);
}

function selectFrom(collection: Collection, builder: CollectionQueryBuilder): Sql {
  const { from, distinct } = builder.records();
  return sql`SELECT ${distinct ? sql`DISTINCT` : EMPTY} ${sql.id(collection.name)}.* ${from}`;
}

export const idColumn = (collection: Collection): Sql => sql.id(collection.name, "id");
