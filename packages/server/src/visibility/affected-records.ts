import { type RecordValues, recordId } from "@headwater/protocol";
import type { Collection } from "../collections/model/collection.ts";
import { isMultiple } from "../collections/fields/field.ts";
import { toText, toTexts } from "../lib/cast.ts";
import type { Change } from "../log/change.ts";
import type { Step } from "../rules/resolve/condition.ts";
import type { Dependency } from "../rules/analysis/dependencies.ts";
import { type Sql, sql } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";
import { anyOf, itemsOf } from "../records/query/find-record.ts";
import { type RowOverride, withOverrides } from "../records/rule-check/row-override.ts";

/** Whom a change of a related record may concern. */
export type AffectedRecords =
  /** These records, whoever asks. */
  | { readonly kind: "records"; readonly ids: readonly string[] }
  /** Any record, for those whose account is one of these. */
  | { readonly kind: "askers"; readonly ids: ReadonlySet<string> }
  /** Any record, whoever asks. */
  | { readonly kind: "all" };

const NOTHING: AffectedRecords = { kind: "records", ids: [] };

/** Did the change touch what a rule reads of the record? */
export function isAffectedBy(
  { collection, fields }: Dependency,
  { collection: changed, before, after }: Change,
): boolean {
  if (changed !== collection.id) return false;
  if (before === null || after === null) return true;
  return [...fields].some((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}

/**
 * From a changed record back along the path on which a rule reaches it, to the records that the rule is about.
 *
 * @param own the collection that the rule is of
 * @param standIns records that are found as they are here, not as they are stored
 */
export async function findAffectedRecords(
  reader: Reader,
  own: Collection,
  { steps }: Dependency,
  change: Change,
  standIns: readonly RowOverride[],
): Promise<AffectedRecords> {
  const having = withOverrides(standIns);
  let ids: readonly string[] = [change.record];
  let changed: Change | undefined = change;
  for (let i = steps.length - 1; i >= 0; i -= 1) {
    const step = steps[i]!;
    switch (step.kind) {
      case "collection":
        return { kind: "all" };
      case "auth":
        return { kind: "askers", ids: new Set(ids) };
      case "body":
        return NOTHING;
      case "relation":
      case "backRelation": {
        const from = steps[i - 1]?.collection ?? own;
        ids =
          step.kind === "relation"
            ? await holders(reader, from, step, ids, having)
            : await held(reader, step, ids, changed, having);
        changed = undefined;
      }
    }
  }
  return { kind: "records", ids };
}

type RelationStep = Extract<Step, { kind: "relation" | "backRelation" }>;

/** Those whose relation holds one of the ids. */
async function holders(
  reader: Reader,
  from: Collection,
  { field }: RelationStep,
  ids: readonly string[],
  having: Sql,
): Promise<readonly string[]> {
  const column = sql.id(field.name);
  const table = sql.table(from.name);
  const condition: Sql = isMultiple(field)
    ? sql`EXISTS (SELECT 1 FROM ${itemsOf(column)} AS item WHERE item.value IN ${anyOf(ids)})`
    : sql`${column} IN ${anyOf(ids)}`;
  const rows = await reader.all(sql`${having} SELECT id FROM ${table} WHERE ${condition}`);
  return rows.map(({ id }) => toText(id));
}

/** What the relation of the records with these ids holds: before and after the change, for the one that changed. */
async function held(
  reader: Reader,
  { collection, field }: RelationStep,
  ids: readonly string[],
  changed: Change | undefined,
  having: Sql,
): Promise<readonly string[]> {
  if (changed) {
    const images = [changed.before, changed.after].filter((values): values is RecordValues => values !== null);
    return [...new Set(images.flatMap((values) => toTexts(values[field.name])))];
  }
  const column = sql.id(field.name);
  const rows = await reader.all(sql`
    ${having} SELECT DISTINCT item.value AS id FROM ${sql.table(collection.name)}, ${itemsOf(column)} AS item
    WHERE ${sql.table(collection.name)}.id IN ${anyOf(ids)}`);
  return rows.map(({ id }) => recordId(toText(id)));
}
