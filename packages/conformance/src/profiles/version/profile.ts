import type { Case, Profile } from "../../core/case.ts";
import type { Clock } from "../../core/clock.ts";
import { show } from "../../core/checks.ts";
import { canonical } from "../../model/canonical.ts";
import { ISO_TIME } from "../../model/field.ts";
import { judge, once } from "../../model/judge.ts";
import { orderFault } from "../../model/stream-model.ts";
import { record, type RecordedEvent, type Recording } from "../../stream/recording.ts";
import {
  baseline,
  correlationFault,
  correlationOf,
  fieldsFault,
  formatFault,
  heartbeatFault,
  openingFault,
} from "../baseline.ts";
import { VERSION_STREAM } from "./model.ts";

export interface VersionTarget {
  /** The server's base URL; the stream is at /api/utils/version/stream. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface VersionContext {
  /** Connections that listened for a few heartbeats. */
  readonly streams: () => Promise<readonly Recording[]>;
}

const group = "Version stream";
const BEATS = 4;

const timeoutMs = ({ caseMs, silenceMs }: Clock): number => caseMs + (BEATS + 1) * silenceMs;

const kindOf = ({ event }: RecordedEvent): string => event;

const kindFault = ({ events }: Recording, ...kinds: readonly string[]): string | undefined =>
  fieldsFault(events, VERSION_STREAM, kindOf, (kind) => kinds.includes(kind));

const versionOf = ({ events }: Recording): Readonly<Record<string, unknown>> | undefined =>
  events.find(({ event }) => event === "version")?.fields;

/** A case that looks at every connection. */
const rule = (
  name: string,
  standard: Case<VersionContext>["standard"],
  faultOf: (recording: Recording, clock: Clock) => string | undefined,
): Case<VersionContext> => ({
  group,
  name,
  standard,
  alongside: true,
  timeoutMs,
  run: async ({ streams }, scope) => judge(await streams(), scope, (recording) => faultOf(recording, scope.clock)),
});

/** The document's scenarios, under its names, and what holds over many connections. */
const cases: readonly Case<VersionContext>[] = [
  rule(
    "Given version stream endpoint, When SSE client connects, Then receive connection_open then version event (not version_info) immediately",
    baseline(
      "4",
      "SSE stream with connection_open, immediate version event (not version_info), then periodic heartbeat events",
    ),
    (recording, clock) => {
      const { events, lagMs } = recording;
      const fault = openingFault(recording, clock) ?? kindFault(recording, "connection_open");
      if (fault !== undefined) return fault;
      if (events[1]?.event !== "version") return `the second event is ${events[1]?.event ?? "missing"}, not version`;
      const waited = events[1].offsetMs - events[0]!.offsetMs;
      return waited > clock.heartbeatMs / 2 + lagMs
        ? `version came ${Math.round(waited)} ms after connection_open, not at once`
        : undefined;
    },
  ),
  rule(
    "Given version event, When parsed, Then data contains version, environment, git_commit fields and correlation_id",
    baseline(
      "3",
      'data: {"version": "1.2.3", "environment": "development", "git_commit": "abc123", "correlation_id": "...", ...}',
    ),
    (recording) => {
      const { started_at: _, ...fields } = VERSION_STREAM.kinds["version"]!.fields;
      const known = { ...VERSION_STREAM.kinds["version"]!, fields };
      const model = { ...VERSION_STREAM, kinds: { version: known } };
      return fieldsFault(recording.events, model, kindOf, (kind) => kind === "version");
    },
  ),
  rule(
    "Given connection stays open, When waiting, Then receive periodic heartbeat events (not comments) with timestamp",
    baseline("3", 'event: heartbeat data: {"timestamp": "2024-01-01T12:00:00Z", "correlation_id": "..."}'),
    (recording) => {
      const beats = recording.events.filter(({ event }) => event === "heartbeat");
      if (beats.length === 0) return "no heartbeat event came";
      const times = beats.map(({ fields }) => Date.parse(String(fields?.["timestamp"])));
      const back = times.findIndex((time, at) => at > 0 && time < times[at - 1]!);
      return (
        kindFault(recording, "heartbeat") ??
        (back < 0 ? undefined : `the timestamps of the heartbeats go back at heartbeat ${back + 1}`)
      );
    },
  ),
  rule(
    "Given version data contains datetimes, When serialized, Then converted to ISO strings (JSON-serializable, already handled by implementation)",
    baseline(
      "3",
      "version event (not version_info) must remain JSON-serializable (no datetime objects, use ISO strings)",
    ),
    (recording) => {
      const times = Object.entries(versionOf(recording) ?? {}).filter(
        ([name, value]) => /(_at|_time|_date|timestamp)$/.test(name) && value !== null,
      );
      const wrong = times.find(([, value]) => !ISO_TIME.accepts(value));
      return wrong && `version has ${wrong[0]} ${show(wrong[1])}, not ${ISO_TIME.is}`;
    },
  ),
  rule(
    "Given connection idle, When timeout not reached, Then connection remains open (no premature close)",
    baseline("13", "When timeout not reached, Then connection remains open (no premature close)"),
    ({ end, events }) =>
      end === "still open" ? undefined : `the stream was ${end} after ${events.at(-1)?.event ?? "no events"}`,
  ),
  rule(
    "Given heartbeat timing, When measuring intervals, Then validate heartbeat occurs within 2x configured SSE_HEARTBEAT_INTERVAL (generous window, not exact timing)",
    baseline(
      "15",
      "Tests validate heartbeat exists within 2x configured SSE_HEARTBEAT_INTERVAL (generous window for CI flakiness)",
    ),
    // A stream that ended is the matter of another case.
    (recording, clock) => (recording.end === "still open" ? heartbeatFault(recording, clock, BEATS) : undefined),
  ),
  rule(
    "events follow one another as the model says",
    baseline("6", "Events arrive in causal order; connection_open always first"),
    ({ events }) => orderFault(VERSION_STREAM, events.map(kindOf)),
  ),
  rule(
    "every stream is a well-formed event stream of JSON objects",
    baseline("6", "All events follow SSE spec; data payloads are valid JSON; event names are non-empty"),
    formatFault,
  ),
  {
    group,
    name: "each connection has a correlation id of its own, and all have the same version",
    standard: baseline("3", "correlation_id injected in all events"),
    alongside: true,
    timeoutMs,
    async run({ streams }, scope) {
      const recordings = await streams();
      judge(recordings, scope, correlationFault);
      const ids = recordings.map(correlationOf);
      const { correlation_id: _, ...version } = versionOf(recordings[0]!) ?? {};
      judge(recordings, scope, (recording) => {
        const id = correlationOf(recording);
        if (ids.indexOf(id) !== ids.lastIndexOf(id)) return `two streams have the correlation id ${show(id)}`;
        const { correlation_id: __, ...own } = versionOf(recording) ?? {};
        return canonical(own) === canonical(version)
          ? undefined
          : `another connection got another version: ${show(own)} and ${show(version)}`;
      });
    },
  },
];

/** `GET /api/utils/version/stream`. */
export const versionProfile: Profile<VersionTarget, VersionContext> = {
  name: "version",
  subject: "server",
  heartbeatMs: 5_000,
  cases,
  open({ url, headers = {} }, scope) {
    const address = `${url.replace(/\/+$/, "")}/api/utils/version/stream`;
    const open = (label: string): Promise<Recording> =>
      record(address, scope, {
        label,
        headers,
        quietMs: scope.clock.silenceMs,
        until: (events) => events.filter(({ event }) => event === "heartbeat").length >= BEATS,
      });
    return Promise.resolve({
      streams: once(() => Promise.all([open("connection 1"), open("connection 2")])),
    });
  },
};
