import { type RecordValues, recordId } from "@headwater/protocol";
import type { Collection } from "../collections/model/collection.ts";
import { isMultiple } from "../collections/fields/field.ts";
import { toText, toTexts } from "../lib/text/coerce.ts";
import type { Change } from "../log/change.ts";
import type { Step } from "../rules/resolve/condition.ts";
import { requestValue } from "../rules/resolve/request-value.ts";
import type { RuleContext } from "../rules/rule-context.ts";
import type { Dependency } from "../rules/analysis/rule-dependencies.ts";
import { type Sql, sql } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";
import { anyOf, itemsOf } from "../records/query/find-record.ts";
import { type RowOverride, withOverrides } from "../records/rule-check/row-override.ts";
import type { ListenerDependency } from "./listener-dependencies.ts";

/** The records for which a rule may give another result after a change of a record that the rule reads. */
export type AffectedRecords =
  /** These records, for every requester. */
  | { readonly kind: "records"; readonly ids: readonly string[] }
  /** Any record, for requesters whose account has one of these ids. */
  | { readonly kind: "requesters"; readonly ids: ReadonlySet<string> }
  /** Any record, for every requester. */
  | { readonly kind: "all" };

const NONE: AffectedRecords = { kind: "records", ids: [] };

/** Did the change alter a field that a rule reads of the record, or create or delete the record? */
export function isAffectedBy(
  { collection, fields }: Dependency,
  { collection: changed, before, after }: Change,
): boolean {
  if (changed !== collection.id) return false;
  if (before === null || after === null) return true;
  return [...fields].some((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}

/**
 * Narrows the affected records to those that matter to one requester.
 *
 * @returns ids, or `any` if every record of the collection may be affected
 */
export function affectedFor(
  affected: AffectedRecords,
  dependency: ListenerDependency,
  change: Change,
  context: RuleContext,
): readonly string[] | "any" {
  switch (affected.kind) {
    case "records":
      return affected.ids;
    case "requesters": {
      const { principal } = context;
      return principal.kind !== "guest" && affected.ids.has(principal.values.id) ? "any" : [];
    }
    case "all":
      return mayMatchEquality(dependency, change, context) ? "any" : [];
  }
}

/** Is it a field that was erased with the record? */
const isMissing = (field: string, before: RecordValues | null): boolean =>
  before !== null && !Object.hasOwn(before, field);

/** Can the changed record have met the rule's equality for this requester, before the change or after it? */
function mayMatchEquality({ equality }: ListenerDependency, { before, after }: Change, context: RuleContext): boolean {
  if (!equality || isMissing(equality.field, before)) return true;
  const value = requestValue(equality.requester, context) ?? "";
  return [before, after].some((values) => values !== null && (values[equality.field] ?? "") === value);
}

/**
 * Follows a rule's path backwards, from a changed record to the records that the rule is about.
 *
 * @param own the rule's collection
 * @param overrides records to read with these values instead of the stored ones
 */
export async function findAffectedRecords(
  reader: Reader,
  own: Collection,
  { steps }: Dependency,
  change: Change,
  overrides: readonly RowOverride[],
): Promise<AffectedRecords> {
  const tables = withOverrides(overrides);
  let ids: readonly string[] = [change.record];
  let changed: Change | undefined = change;
  const { before } = change;
  for (let i = steps.length - 1; i >= 0; i -= 1) {
    const step = steps[i]!;
    switch (step.kind) {
      case "collection":
        return { kind: "all" };
      case "auth":
        return { kind: "requesters", ids: new Set(ids) };
      case "body":
        return NONE;
      case "relation": {
        const from = steps[i - 1]?.collection ?? own;
        ids = await findReferringIds(reader, from, step, ids, tables);
        break;
      }
      case "backRelation":
        if (changed && isMissing(step.field.name, before)) return { kind: "all" };
        ids = changed ? relatedIdsOf(changed, step) : await findRelatedIds(reader, step, ids, tables);
    }
    changed = undefined;
  }
  return { kind: "records", ids };
}

type RelationStep = Extract<Step, { kind: "relation" | "backRelation" }>;

/** The records of `from` whose relation holds one of the ids. */
async function findReferringIds(
  reader: Reader,
  from: Collection,
  { field }: RelationStep,
  ids: readonly string[],
  tables: Sql,
): Promise<readonly string[]> {
  const column = sql.id(from.name, field.name);
  const table = sql.id(from.name);
  const condition: Sql = isMultiple(field)
    ? sql`EXISTS (SELECT 1 FROM ${itemsOf(column)} AS item WHERE item.value IN ${anyOf(ids)})`
    : sql`${column} IN ${anyOf(ids)}`;
  const rows = await reader.all(sql`${tables} SELECT id FROM ${table} WHERE ${condition}`);
  return rows.map(({ id }) => toText(id));
}

/** The ids in the relation of the changed record, before and after the change. */
function relatedIdsOf({ before, after }: Change, { field }: RelationStep): readonly string[] {
  const values = [before, after].filter((record): record is RecordValues => record !== null);
  return [...new Set(values.flatMap((record) => toTexts(record[field.name])))];
}

/** The ids in the relation of the records with these ids. */
async function findRelatedIds(
  reader: Reader,
  { collection, field }: RelationStep,
  ids: readonly string[],
  tables: Sql,
): Promise<readonly string[]> {
  const column = sql.id(collection.name, field.name);
  const rows = await reader.all(sql`
    ${tables} SELECT DISTINCT item.value AS id FROM ${sql.id(collection.name)}, ${itemsOf(column)} AS item
    WHERE ${sql.id(collection.name)}.id IN ${anyOf(ids)}`);
  return rows.map(({ id }) => recordId(toText(id)));
}
