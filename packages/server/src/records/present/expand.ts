import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { isSuperuser } from "../../rules/principal.ts";
import { type Sql, sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { anyOf } from "../query/find-record.ts";
import { emailViewer } from "./email-visibility.ts";
import type { RecordContext } from "../model/record-context.ts";
import { findStep } from "./relation-step.ts";
import { idOf, selectRecords } from "../query/select-records.ts";
import { undefinedIfUnreadable } from "../query/unreadable-rule.ts";

/** A record with what is shown of it and beside it. */
export interface Shown {
  readonly collection: Collection;
  readonly values: RecordValues;
  readonly showsEmail: boolean;
  /** By the part of the path; present, if empty, once a path of it was right. */
  expand?: Map<string, Shown | readonly Shown[]>;
}

const MAX_DEPTH = 6;

type Path = readonly string[];

/**
 * Puts related records beside the given ones, as far as their collections' view rules let the principal see them: one
 * query a part of a path, whatever the number of records. A path that is wrong, or that a rule closes, changes
 * nothing (PocketBase logs it and goes on).
 *
 * @param records of one collection
 * @returns the paths that were right
 */
export async function expandRecords(
  reader: Reader,
  context: RecordContext,
  records: readonly Shown[],
  paths: readonly Path[],
  depth = 1,
): Promise<ReadonlySet<Path>> {
  const [first] = records;
  if (!first || depth > MAX_DEPTH) return new Set(paths);
  const right = new Set<Path>();
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
    const rightNested = await expandRecords(reader, context, [...related.values()], nested, depth + 1);
    const rightHere = [...rests].filter(([rest]) => rest.length === 0 || rightNested.has(rest));
    if (rightHere.length === 0) continue;
    for (const [, path] of rightHere) right.add(path);
    for (const record of records) attach(record, name, step.many, idsOf.get(record.values.id) ?? [], related);
  }
  return right;
}

function attach(
  record: Shown,
  name: string,
  many: boolean,
  ids: readonly string[],
  related: ReadonlyMap<string, Shown>,
): void {
  record.expand ??= new Map();
  const found = ids.flatMap((id) => related.get(id) ?? []);
  if (found.length > 0) record.expand.set(name, many ? found : found[0]!);
}

/** By id; `undefined` where the principal may view none, or the rule can't be understood. */
async function fetchRelated(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  ids: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Shown> | undefined> {
  const asking: RecordContext = { ...context, context: "expand" };
  const rule = isSuperuser(context.principal) ? "" : collection.viewRule;
  if (rule === null) return undefined;
  const condition: Sql = sql`${idOf(collection)} IN ${anyOf([...ids])}`;
  const records = await undefinedIfUnreadable(() => selectRecords(reader, asking, collection, rule, condition));
  if (!records) return undefined;
  const showsEmail = await emailViewer(reader, asking, collection, records);
  return new Map(records.map((values) => [values.id, { collection, values, showsEmail: showsEmail(values) }]));
}
