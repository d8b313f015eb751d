import { collectionId, type JsonValue, recordId, type RecordValues } from "@headwater/protocol";
import type { Change, NewChange } from "../log/change.ts";

/** What happens to a task, as clients are told; the last two are the end of it. */
export type TaskEventType = "progress_update" | "task_retrying" | "task_completed" | "task_failed";

/** One event of a task. */
export interface TaskEvent {
  /** Its number among the events of its task, from 1 on; of texts that were put together, that of the last. */
  readonly number: number;
  readonly type: TaskEventType;
  /** When it was committed, in milliseconds since 1970. */
  readonly time: number;
  /** JSON, as it is sent. */
  readonly data: string;
}

/** `text` is a piece of a text, which may be put together with the piece before it. */
export type EventKind = "text" | TaskEventType;

/** An event as it stands in the log. */
export type LoggedEvent = readonly [task: string, number: number, kind: EventKind, value: JsonValue];

/** Where the log tells of tasks. */
export const TASKS = collectionId("_tasks");

/**
 * All events that are written together make one change of the log: a thousand tasks that report at the same time cost
 * one row.
 */
export function changeOf(events: readonly LoggedEvent[]): NewChange {
  const after: RecordValues = { id: recordId(""), events };
  return { collection: TASKS, record: after.id, action: "create", before: null, after };
}

/** The events that a change holds; none for a change of anything else. */
export const eventsIn = ({ collection, after }: Change): readonly LoggedEvent[] =>
  collection === TASKS && after ? (after["events"] as unknown as readonly LoggedEvent[]) : [];

export const isFinal = (kind: EventKind): boolean => kind === "task_completed" || kind === "task_failed";
