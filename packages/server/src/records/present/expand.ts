import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { isSuperuser } from "../../rules/principal.ts";
import { type Sql, sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { anyOf } from "../query/find-record.ts";
import { emailVisibility } from "./email-visibility.ts";
import type { RecordContext } from "../model/record-context.ts";
import { findStep } from "./relation-step.ts";
import { idColumn, selectRecords } from "../query/select-records.ts";
import { undefinedIfUnreadable } from "../query/unreadable-rule.ts";

/** A record on its way to JSON, with its related records. */
export interface PresentedRecord {
  readonly collection: Collection;
  readonly values: RecordValues;
  readonly showsEmail: boolean;
  /** Related records by the part of a path. Set, if only to an empty map, once any path was valid. */
  expand?: Map<string, PresentedRecord | readonly PresentedRecord[]>;
}

const MAX_DEPTH = 6;

type Path = readonly string[];

/**
 * Adds related records to the given ones, as far as the view rules of their collections let the principal see them. Takes
 * one query for each part of a path, however many records there are. A path that is invalid or that a rule forbids is
 * ignored, as in PocketBase, which logs it.
 *
 * @param records of one collection
 * @returns the valid paths
 */
export async function expandRecords(
  reader: Reader,
  context: RecordContext,
  records: readonly PresentedRecord[],
  paths: readonly Path[],
  depth = 1,
): Promise<ReadonlySet<Path>> {
  const [first] = records;
  if (!first || depth > MAX_DEPTH) return new Set(paths);
  const valid = new Set<Path>();
  for (const [name, group] of Map.groupBy(paths, ([head = ""]) => head)) {
    const step = findStep(context.schema, first.collection, name);
    if (!step) continue;
    const idsOf = await step.idsOf(
      reader,
      records.map(({ values }) => values),
    );
    const related = await fetchRelated(reader, context, step.related, new Set([...idsOf.values()].flat()));
    if (!related) continue;

    const rests = new Map(group.map((path) => [path.slice(1), path]));
    const nested = [...rests.keys()].filter((rest) => rest.length > 0);
    const validNested = await expandRecords(reader, context, [...related.values()], nested, depth + 1);
    const validHere = [...rests].filter(([rest]) => rest.length === 0 || validNested.has(rest));
    if (validHere.length === 0) continue;
    for (const [, path] of validHere) valid.add(path);
    for (const record of records) attach(record, name, step.many, idsOf.get(record.values.id) ?? [], related);
  }
  return valid;
}

function attach(
  record: PresentedRecord,
  name: string,
  many: boolean,
  ids: readonly string[],
  related: ReadonlyMap<string, PresentedRecord>,
): void {
  record.expand ??= new Map();
  const found = ids.flatMap((id) => related.get(id) ?? []);
  if (found.length > 0) record.expand.set(name, many ? found : found[0]!);
}

/** The related records by id; `undefined` if only superusers may view them, or if the rule is unreadable. */
async function fetchRelated(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  ids: ReadonlySet<string>,
): Promise<ReadonlyMap<string, PresentedRecord> | undefined> {
  const expandContext: RecordContext = { ...context, context: "expand" };
  const rule = isSuperuser(context.principal) ? "" : collection.viewRule;
  if (rule === null) return undefined;
  const condition: Sql = sql`${idColumn(collection)} IN ${anyOf([...ids])}`;
  const records = await undefinedIfUnreadable(() => selectRecords(reader, expandContext, collection, rule, condition));
  if (!records) return undefined;
  const showsEmail = await emailVisibility(reader, expandContext, collection, records);
  return new Map(records.map((values) => [values.id, { collection, values, showsEmail: showsEmail(values) }]));
}
