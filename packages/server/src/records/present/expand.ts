import type { Collection } from "../../collections/model/collection.ts";
import { isSuperuser } from "../../rules/principal.ts";
import type { Reader } from "../../store/store.ts";
import { nextTurn } from "../model/hook-scope.ts";
import { emailVisibility } from "./email-visibility.ts";
import type { RecordContext } from "../model/record-context.ts";
import type { AnswerBudget } from "./answer-limits.ts";
import { lengthOfValues, type PresentedRecord } from "./presented-record.ts";
import { findStep } from "./relation-step.ts";
import { selectRecords } from "../query/select-records.ts";
import { undefinedIfUnreadable } from "../query/unreadable-rule.ts";

const MAX_DEPTH = 6;
/** Rows that are converted in one turn of the loop. */
const ROWS_PER_TURN = 500;

/** What all steps of one expand share. */
export interface Expansion {
  readonly reader: Reader;
  readonly context: RecordContext;
  readonly budget: AnswerBudget;
}

type Path = readonly string[];

/**
 * Adds related records to the given ones, as far as the view rules of their collections let the principal see them. Takes
 * one query for each part of a path, however many records there are. A path that is invalid or that a rule forbids is
 * ignored, as in PocketBase, which logs it.
 *
 * @param records of one collection
 * @returns the valid paths
 * @throws ApiError 400 beyond the budget
 */
export async function expandRecords(
  expansion: Expansion,
  records: readonly PresentedRecord[],
  paths: readonly Path[],
  depth = 1,
): Promise<ReadonlySet<Path>> {
  const [first] = records;
  if (!first || depth > MAX_DEPTH) return new Set(paths);
  const { reader, context, budget } = expansion;
  const valid = new Set<Path>();
  for (const [name, group] of Map.groupBy(paths, ([head = ""]) => head)) {
    const step = findStep(context.schema, first.collection, name);
    if (!step) continue;
    budget.addStep();
    const idsOf = await step.idsOf(
      reader,
      records.map(({ values }) => values),
      budget.expandable,
    );
    for (const ids of idsOf.values()) budget.addExpanded(ids.length);
    const related = await fetchRelated(expansion, step.related, new Set([...idsOf.values()].flat()));
    if (!related) continue;

    const rests = new Map(group.map((path) => [path.slice(1), path]));
    const nested = [...rests.keys()].filter((rest) => rest.length > 0);
    const validNested = await expandRecords(expansion, [...related.values()], nested, depth + 1);
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
  { reader, context, budget }: Expansion,
  collection: Collection,
  ids: ReadonlySet<string>,
): Promise<ReadonlyMap<string, PresentedRecord> | undefined> {
  const expandContext: RecordContext = { ...context, context: "expand" };
  const rule = isSuperuser(context.principal) ? "" : collection.viewRule;
  if (rule === null) return undefined;
  const related = new Map<string, PresentedRecord>();
  const all = [...ids];
  // Without ids too: the rule may be unreadable.
  for (let start = 0; start === 0 || start < all.length; start += ROWS_PER_TURN) {
    if (start > 0) await nextTurn();
    const part = all.slice(start, start + ROWS_PER_TURN);
    const records = await undefinedIfUnreadable(() => selectRecords(reader, expandContext, collection, rule, part));
    if (!records) return undefined;
    const showsEmail = await emailVisibility(reader, expandContext, collection, records);
    for (const values of records) {
      budget.addFetched(lengthOfValues(values));
      related.set(values.id, { collection, values, showsEmail: showsEmail(values) });
    }
  }
  return related;
}
