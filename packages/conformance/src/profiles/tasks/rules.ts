import { show } from "../../core/checks.ts";
import { canonical } from "../../model/canonical.ts";
import { fieldFault } from "../../model/field.ts";
import { orderFault } from "../../model/stream-model.ts";
import type { RecordedEvent, Recording } from "../../stream/recording.ts";
import { fieldsFault } from "../baseline.ts";
import { isTaskEvent, kindOf, messageOf, PROGRESS_FIELDS, TASK_STREAM } from "./model.ts";

/** @returns what is wrong with the fields of these kinds of events */
export const kindFault = ({ events }: Recording, ...kinds: readonly string[]): string | undefined =>
  fieldsFault(events, TASK_STREAM, kindOf, (kind) => kinds.includes(kind));

/** @returns a task event that is not about this task */
export function taskIdFault({ events }: Recording, id: string): string | undefined {
  const other = events.find((event) => isTaskEvent(event) && event.fields?.["task_id"] !== id);
  return other && `${kindOf(other)} has the task_id ${show(other.fields?.["task_id"])}, expected ${show(id)}`;
}

/** @returns a progress update whose nested data is wrong */
export function progressDataFault({ events }: Recording): string | undefined {
  for (const { fields } of events.filter((event) => kindOf(event) === "progress_update")) {
    const fault = fieldFault((fields?.["data"] ?? {}) as Record<string, unknown>, PROGRESS_FIELDS, "progress_update");
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** @returns where progress goes back; an attempt that is retried starts again */
export function progressFault(events: readonly RecordedEvent[]): string | undefined {
  let reached = 0;
  for (const event of events) {
    const { progress } = (event.fields?.["data"] ?? {}) as { readonly progress?: unknown };
    if (kindOf(event) === "task_retrying") reached = 0;
    if (kindOf(event) !== "progress_update" || typeof progress !== "number") continue;
    if (progress < reached) return `progress goes back from ${reached} to ${progress}`;
    reached = progress;
  }
  return undefined;
}

/** @returns what is wrong with the last two events of a task's stream */
export function endFault({ events }: Recording, type: "task_completed" | "task_failed"): string | undefined {
  const [end, last] = events.filter(({ event }) => event !== "heartbeat").slice(-2);
  if (last?.event !== "connection_close")
    return `the stream ends with ${last?.event ?? end?.event ?? "nothing"}, not connection_close`;
  if (!end || kindOf(end) !== type) return `before connection_close comes ${show(end?.data)}, not ${type}`;
  const reason = last.fields?.["reason"];
  return reason === type ? undefined : `connection_close has the reason ${show(reason)}, not ${show(type)}`;
}

export function failureFault({ events }: Recording): string | undefined {
  const failed = events.find((event) => kindOf(event) === "task_failed");
  if (!failed) return undefined;
  const { data } = failed.fields!;
  return messageOf(data) === undefined ? `task_failed has no error details: ${show(data)}` : undefined;
}

/** @returns what is wrong with the order of events, or with the end of the stream */
export function sequenceFault({ events, end }: Recording): string | undefined {
  const fault = orderFault(TASK_STREAM, events.map(kindOf));
  if (fault !== undefined) return fault;
  const isClosed = events.at(-1)?.event === "connection_close";
  if (isClosed && end !== "completed") return `after connection_close the stream is ${end}: the server must end it`;
  return undefined;
}

/** @returns what is wrong with the ids of one connection */
export function idFault({ events }: Recording): string | undefined {
  const ids = events.filter(isTaskEvent).map(({ id }) => id);
  if (ids.every((id) => id === undefined)) return undefined;
  const bare = events.filter(isTaskEvent).find(({ id }) => id === undefined || id === "");
  if (bare) return `${kindOf(bare)} has no id, and other events have`;
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  return twice === undefined ? undefined : `two events have the id ${show(twice)}`;
}

/** A task event as every connection gets it. */
interface Happened {
  readonly id: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

const happenedOf = ({ id, fields }: RecordedEvent): Happened => {
  const { correlation_id: _, ...rest } = fields ?? {};
  return { id, fields: rest };
};

const deltaOf = ({ fields }: Happened): string | undefined => {
  const data = fields["data"] as Readonly<Record<string, unknown>> | undefined;
  const delta = data?.["delta"];
  return fields["event_type"] === "progress_update" && typeof delta === "string" ? delta : undefined;
};

/** What happened to the task. Parts of a text that follow each other are joined: a server may join them differently each time. */
export function historyOf(events: readonly RecordedEvent[]): Happened[] {
  const history: Happened[] = [];
  for (const event of events.filter(isTaskEvent).map(happenedOf)) {
    const last = history.at(-1);
    const [before, delta] = [last && deltaOf(last), deltaOf(event)];
    if (before === undefined || delta === undefined) history.push(event);
    else history[history.length - 1] = { id: event.id, fields: { ...event.fields, data: { delta: before + delta } } };
  }
  return history;
}

const joined = (event: Happened): string => {
  const { timestamp: _, ...rest } = event.fields;
  // A joined text has the time of any of its parts.
  return canonical({ id: event.id, ...(deltaOf(event) === undefined ? event.fields : rest) });
};

/** @returns the first difference between two histories */
export function historyFault(
  received: readonly RecordedEvent[],
  expected: readonly RecordedEvent[],
  after?: string,
): string | undefined {
  const from = after === undefined ? 0 : expected.findIndex((event) => isTaskEvent(event) && event.id === after) + 1;
  const [wanted, got] = [historyOf(expected.slice(from)), historyOf(received)];
  for (let at = 0; at < Math.max(wanted.length, got.length); at += 1) {
    const [a, b] = [wanted[at], got[at]];
    if (a && b && joined(a) === joined(b)) continue;
    return `event ${at + 1} is ${b ? show(b) : "missing"}, expected ${a ? show(a) : "none"}`;
  }
  return undefined;
}
