import { collectionId, type JsonValue, recordId, type RecordValues } from "@headwater/protocol";
import type { NewChange } from "../log/change.ts";
import type { LogEntry } from "../log/log-entry.ts";

/** The types of events that clients receive. The last two end the task. */
export type TaskEventType = "progress_update" | "task_retrying" | "task_completed" | "task_failed";

/** One event of a task. */
export interface TaskEvent {
  /** Counts the events of a task from 1. If pieces of text were merged, the number of the last piece. */
  readonly number: number;
  readonly type: TaskEventType;
  /** When it was committed, in milliseconds since 1970. */
  readonly time: number;
  /** The seq of its change in the log; 0 if an earlier version stored the event. */
  readonly seq: number;
  /** The JSON that is sent. */
  readonly data: string;
}

/** `text` is a piece of text. Clients receive it as a `progress_update`, merged with adjacent pieces. */
export type EventKind = "text" | TaskEventType;

/** An event as the log stores it. */
export type LoggedEvent = readonly [task: string, number: number, kind: EventKind, value: JsonValue];

/** The collection id of task events in the log. */
export const TASKS = collectionId("_tasks");

/** All events of one write are one change of the log: a thousand tasks that report at the same time cost one row. */
export function changeOf(events: readonly LoggedEvent[]): NewChange {
  const after: RecordValues = { id: recordId(""), events };
  return { collection: TASKS, record: after.id, action: "create", before: null, after };
}

/** What the log says of a change that may hold task events. */
export type EventsChange = Pick<LogEntry, "seq" | "time" | "collection" | "after">;

/** The task events of a change; none for a change of a record. */
export const eventsIn = ({ collection, after }: Pick<EventsChange, "collection" | "after">): readonly LoggedEvent[] =>
  collection === TASKS && after ? (after["events"] as unknown as readonly LoggedEvent[]) : [];

/** Whether this is a task's last event. */
export const isFinal = (kind: EventKind): boolean => kind === "task_completed" || kind === "task_failed";
