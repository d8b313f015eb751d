import type { JsonValue } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { isTokenKey } from "../../collections/model/logged-values.ts";
import { isHiddenFromClients } from "../../collections/model/search-index.ts";
import { notFound } from "../../lib/api-error.ts";
import { formatDateTime } from "../../lib/text/date-time.ts";
import { isSuperuser } from "../../rules/principal.ts";
import type { Reader } from "../../store/store.ts";
import { actorToJson, type PresentedActor } from "../kept/actor.ts";
import type { HistoryEntry } from "../kept/history.ts";
import type { RecordContext } from "../model/record-context.ts";
import { ruleFor, selectRecord } from "../query/select-records.ts";
import { viewRecord } from "../query/view-record.ts";

export interface PresentedEntry {
  readonly version: number;
  readonly time: string;
  readonly action: HistoryEntry["action"];
  readonly by: PresentedActor;
  readonly changes: Readonly<Record<string, { readonly old: JsonValue; readonly new: JsonValue }>>;
}

/** Superusers read the history of deleted records too. @throws ApiError 403 or 404 for who may not read it */
export async function assertMayReadHistory(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  id: string,
): Promise<void> {
  const { history, name } = collection;
  if (!history) throw notFound(`The collection ${name} keeps no history: it lacks the option "history".`);
  const rule = ruleFor(context, history.historyRule);
  if (isSuperuser(context.principal)) return;
  await viewRecord(reader, context, collection, id);
  if (rule !== "" && !(await selectRecord(reader, context, collection, rule, id))) throw notFound();
}

/** A change as an answer shows it. */
export function presentEntry(
  { principal }: RecordContext,
  collection: Collection,
  { version, time, actor, action, changes }: HistoryEntry,
): PresentedEntry {
  const fields = new Map(collection.fields.map((field) => [field.id, field]));
  const shown = Object.entries(changes).flatMap(([id, [old, value]]) => {
    const field = fields.get(id);
    // A field may have been hidden since, and one that is gone has no name.
    if (!field || field.hidden || isTokenKey(field, collection)) return [];
    if (!isSuperuser(principal) && isHiddenFromClients(field, collection)) return [];
    return [[field.name, { old, new: value }] as const];
  });
  return {
    version,
    time: formatDateTime(new Date(time)),
    action,
    by: actorToJson(actor),
    changes: Object.fromEntries(shown),
  };
}
