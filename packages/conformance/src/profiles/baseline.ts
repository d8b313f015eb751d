import type { Standard } from "../core/case.ts";
import { show } from "../core/checks.ts";
import type { Scope } from "../core/scope.ts";
import { fieldFault, ISO_TIME, literal, TEXT } from "../model/field.ts";
import type { EventKind, StreamModel } from "../model/stream-model.ts";
import type { RecordedEvent, Recording } from "../stream/recording.ts";

/** A sentence from the document that specifies the task and version streams. */
export const baseline = (section: string, sentence: string): Standard => ({
  source: `SSE Baseline Testing Infrastructure ${section}`,
  sentence,
});

/** What the task stream and the version stream have in common. */
export const CORRELATION = { type: TEXT, meaning: "names the connection; the same in all of its events" } as const;

export const CONNECTION_OPEN: EventKind = {
  meaning: "the connection is open",
  standard: baseline("3", 'event: connection_open data: {"status": "connected", "correlation_id": "..."}'),
  fields: {
    status: { type: literal("connected"), meaning: "there is only this one" },
    correlation_id: CORRELATION,
  },
};

export const HEARTBEAT: EventKind = {
  meaning: "nothing happened for the heartbeat interval",
  standard: baseline("3", 'event: heartbeat data: {"timestamp": "2024-01-01T12:00:00Z", "correlation_id": "..."}'),
  fields: { timestamp: { type: ISO_TIME, meaning: "the server's time" }, correlation_id: CORRELATION },
};

/** @returns the first event of these kinds that has a field of the wrong type */
export const fieldsFault = (
  events: readonly RecordedEvent[],
  model: StreamModel,
  kindOf: (event: RecordedEvent) => string,
  isJudged: (kind: string) => boolean,
): string | undefined => {
  for (const event of events) {
    const kind = kindOf(event);
    const known = isJudged(kind) ? model.kinds[kind] : undefined;
    if (!known) continue;
    if (!event.fields) return `the data of ${kind} is ${show(event.data)}, not a JSON object`;
    // Every event has one, and a case of its own judges that.
    const { correlation_id: _, ...fields } = known.fields;
    const fault = fieldFault(event.fields, fields, kind);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

/** @returns what is wrong with the correlation ids of one connection */
export function correlationFault({ events }: Recording): string | undefined {
  const ids = events.map(({ fields }) => fields?.["correlation_id"]);
  const missing = ids.findIndex((id) => !TEXT.accepts(id));
  if (missing >= 0) return `${events[missing]!.event} has no correlation_id: ${show(events[missing]!.data)}`;
  const other = ids.find((id) => id !== ids[0]);
  return other === undefined ? undefined : `one stream has two correlation ids, ${show(ids[0])} and ${show(other)}`;
}

export const correlationOf = ({ events }: Recording): unknown => events[0]?.fields?.["correlation_id"];

/** @returns what is wrong with the stream as a stream: its status, type, encoding, format, JSON */
export function formatFault({ stream, events }: Recording): string | undefined {
  const type = stream.headers.get("content-type") ?? "";
  if (stream.status !== 200) return `not an event stream: the status is ${stream.status}`;
  if (!/^text\/event-stream\s*(;|$)/i.test(type)) return `not an event stream: Content-Type is ${type || "missing"}`;
  if (stream.invalidUtf8 !== undefined) return `bytes that are not UTF-8: ${show(stream.invalidUtf8)}`;
  const [problem] = stream.problems;
  if (problem) return `malformed stream, ${problem.code}: ${problem.text}`;
  const text = events.find(({ fields }) => !fields);
  return text && `the data of ${text.event} is not a JSON object: ${text.data}`;
}

/** @returns what is wrong with the times of the heartbeats: too long a silence, or too few of them */
export function heartbeatFault(
  { events, stream, lagMs }: Recording,
  { silenceMs, heartbeatMs }: Scope["clock"],
  count: number,
): string | undefined {
  const beats = events.filter(({ event }) => event === "heartbeat").length;
  const times = [stream.headMs, ...events.map(({ offsetMs }) => offsetMs)];
  const longest = Math.max(0, ...times.slice(1).map((time, at) => time - times[at]!));
  if (longest > silenceMs + lagMs)
    return `nothing came for ${Math.round(longest)} ms; the heartbeat interval is ${heartbeatMs} ms`;
  if (beats < count)
    return `${beats} heartbeats came, then none for ${silenceMs} ms; the heartbeat interval is ${heartbeatMs} ms`;
  return undefined;
}

/** @returns whether the stream begins with `connection_open`, and at once */
export function openingFault({ events, lagMs }: Recording, { heartbeatMs }: Scope["clock"]): string | undefined {
  const [first] = events;
  if (!first) return "the stream has no events";
  if (first.event !== "connection_open") return `the first event is ${first.event}, not connection_open`;
  // Half of the interval separates a server that sends it at once from one that waits for the first heartbeat.
  const limit = heartbeatMs / 2 + lagMs;
  return first.offsetMs > limit
    ? `connection_open came after ${Math.round(first.offsetMs)} ms, not at once`
    : undefined;
}
