import { ISO_TIME, MESSAGE, numberBetween, OBJECT, TEXT, literal } from "../../model/field.ts";
import type { EventKind, StreamModel } from "../../model/stream-model.ts";
import type { RecordedEvent } from "../../stream/recording.ts";
import { baseline, CONNECTION_OPEN, CORRELATION, HEARTBEAT } from "../baseline.ts";

const taskEvent = (type: string, meaning: string, sentence: string): EventKind => ({
  meaning,
  standard: baseline("3", sentence),
  fields: {
    event_type: { type: literal(type), meaning: "the kind of task event" },
    task_id: { type: TEXT, meaning: "the id in the URL" },
    timestamp: { type: ISO_TIME, meaning: "when it happened" },
    data: { type: OBJECT, meaning: "what happened" },
    correlation_id: CORRELATION,
  },
});

/** What may come at any time while a task runs. */
const RUNNING = {
  heartbeat: "open",
  progress_update: "open",
  task_completed: "completed",
  task_failed: "failed",
  error: "unknown",
  connection_close: "closed",
} as const;

/** One connection to `GET /api/tasks/:id/stream`. */
export const TASK_STREAM: StreamModel = {
  start: "connecting",
  states: {
    connecting: { meaning: "nothing has come yet", next: { connection_open: "open" } },
    open: { meaning: "the task is queued or running", next: RUNNING, allowsOthers: true },
    completed: { meaning: "the task has completed", next: { connection_close: "closed", heartbeat: "completed" } },
    failed: { meaning: "the task has failed", next: { connection_close: "closed", heartbeat: "failed" } },
    unknown: { meaning: "there is no such task", next: { connection_close: "closed" } },
    closed: { meaning: "the stream has been closed", next: {} },
  },
  kinds: {
    connection_open: CONNECTION_OPEN,
    heartbeat: { ...HEARTBEAT, standard: baseline("5", "heartbeat events on timeout") },
    progress_update: taskEvent(
      "progress_update",
      "the task reports progress",
      'data: {"event_type": "progress_update", "task_id": "abc123", "timestamp": "2024-01-01T12:00:00Z", "data": {"text": "Processing...", "progress": 0.5}, "correlation_id": "..."}',
    ),
    task_completed: taskEvent(
      "task_completed",
      "the task has completed; its data is the result",
      'data: {"event_type": "task_completed", "task_id": "abc123", "timestamp": "2024-01-01T12:01:00Z", "data": {...}, "correlation_id": "..."}',
    ),
    task_failed: taskEvent(
      "task_failed",
      "the task has failed; its data has the error",
      "task_failed event received with error details",
    ),
    error: {
      meaning: "there is no such task",
      standard: baseline("3", "error (with task not found message)"),
      // The document names no field; `messageOf` finds the message.
      fields: { correlation_id: CORRELATION },
    },
    connection_close: {
      meaning: "the last event; nothing follows",
      standard: baseline("3", 'event: connection_close data: {"reason": "task_completed", "correlation_id": "..."}'),
      fields: { reason: { type: TEXT, meaning: "why the stream ends" }, correlation_id: CORRELATION },
    },
  },
};

/** What `data` of a progress update may have. */
export const PROGRESS_FIELDS = {
  text: { type: MESSAGE, meaning: "what the task does", optional: true },
  progress: { type: numberBetween(0, 1), meaning: "the share that is done; it does not go back", optional: true },
} as const;

/** The kind of an event in the model: a task event's type, and the name of any other. */
export function kindOf({ event, fields }: RecordedEvent): string {
  if (event === "task_event") return String(fields?.["event_type"]);
  return event in TASK_STREAM.kinds && !NAMES.has(event) ? `an event named ${event}` : event;
}

/** The names of events; all other kinds are types of `task_event`. */
const NAMES: ReadonlySet<string> = new Set(["connection_open", "heartbeat", "error", "connection_close"]);

export const isTaskEvent = ({ event }: Pick<RecordedEvent, "event">): boolean => event === "task_event";

/** The first text with letters in an object, correlation id aside. */
export const messageOf = (data: unknown): string | undefined =>
  Object.entries((data ?? {}) as Readonly<Record<string, unknown>>)
    .filter(([name]) => name !== "correlation_id")
    .map(([, value]) => value)
    .find((value): value is string => MESSAGE.accepts(value));
