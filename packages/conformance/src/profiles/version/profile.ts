import type { Case, Profile } from "../../core/case.ts";
import { check, show } from "../../core/checks.ts";
import type { Scope } from "../../core/scope.ts";
import { collect } from "../../stream/collect.ts";
import { SseClient } from "../../stream/sse-client.ts";
import { checkCorrelationId, fieldsOf, checkIsoTime, namesOf, checkConnectionOpen, baseline } from "../baseline.ts";

export interface VersionTarget {
  /** The server's base URL; the stream is at /api/utils/version/stream. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The server's heartbeat interval (`SSE_HEARTBEAT_INTERVAL`), in milliseconds. Default 5 s. */
  readonly heartbeatMs?: number;
}

interface VersionContext {
  readonly heartbeatMs: number;
  readonly listen: (scope: Scope) => SseClient;
}

const group = "Version stream";

/** Time limit for this many heartbeats: twice the interval each, to allow for loaded machines. */
const heartbeatTimeout =
  (beats: number) =>
  ({ heartbeatMs }: VersionContext): number =>
    15_000 + 2 * beats * heartbeatMs;

/** The document's scenarios, under its names. */
const cases: readonly Case<VersionContext>[] = [
  {
    group,
    name: "Given version stream endpoint, When SSE client connects, Then receive connection_open then version event (not version_info) immediately",
    standard: baseline(
      "4",
      "SSE stream with connection_open, immediate version event (not version_info), then periodic heartbeat events",
    ),
    async run({ listen }, scope) {
      const events = await collect(listen(scope), (_, count) => count === 2);
      checkConnectionOpen(events);
      check(events[1]?.event === "version", `the second event is ${events[1]?.event ?? "missing"}, not version`);
      scope.measure("versionMs", events[1].offsetMs);
    },
  },
  {
    group,
    name: "Given version event, When parsed, Then data contains version, environment, git_commit fields and correlation_id",
    standard: baseline(
      "3",
      'data: {"version": "1.2.3", "environment": "development", "git_commit": "abc123", "correlation_id": "...", ...}',
    ),
    async run({ listen }, scope) {
      const events = await collect(listen(scope), ({ event }) => event === "version");
      checkCorrelationId(events);
      const fields = fieldsOf(events.at(-1)!);
      for (const name of ["version", "environment"])
        check(typeof fields[name] === "string" && fields[name] !== "", `version has ${name} ${show(fields[name])}`);
      check("git_commit" in fields, `version has no git_commit: ${show(fields)}`);
    },
  },
  {
    group,
    name: "Given connection stays open, When waiting, Then receive periodic heartbeat events (not comments) with timestamp",
    standard: baseline("3", 'event: heartbeat data: {"timestamp": "2024-01-01T12:00:00Z", "correlation_id": "..."}'),
    alongside: true,
    timeoutMs: heartbeatTimeout(2),
    async run({ listen }, scope) {
      let beats = 0;
      const events = await collect(listen(scope), ({ event }) => event === "heartbeat" && (beats += 1) === 2);
      check(beats === 2, `the stream ended after ${beats} heartbeats: ${show(namesOf(events))}`);
      checkCorrelationId(events);
      for (const beat of events.filter(({ event }) => event === "heartbeat"))
        checkIsoTime(fieldsOf(beat)["timestamp"], "the timestamp of a heartbeat");
    },
  },
  {
    group,
    name: "Given version data contains datetimes, When serialized, Then converted to ISO strings (JSON-serializable, already handled by implementation)",
    standard: baseline(
      "3",
      "version event (not version_info) must remain JSON-serializable (no datetime objects, use ISO strings)",
    ),
    async run({ listen }, scope) {
      const events = await collect(listen(scope), ({ event }) => event === "version");
      for (const [name, value] of Object.entries(fieldsOf(events.at(-1)!)))
        if (/(_at|_time|_date|timestamp)$/.test(name) && value !== null) checkIsoTime(value, name);
    },
  },
  {
    group,
    name: "Given connection idle, When timeout not reached, Then connection remains open (no premature close)",
    standard: baseline("13", "When timeout not reached, Then connection remains open (no premature close)"),
    alongside: true,
    timeoutMs: heartbeatTimeout(1),
    async run({ listen }, scope) {
      const events = await collect(listen(scope), ({ event }) => event === "heartbeat");
      const last = events.at(-1);
      check(last?.event === "heartbeat", `the stream ended after ${last?.event ?? "no events"}: ${show(last?.data)}`);
    },
  },
  {
    group,
    name: "Given heartbeat timing, When measuring intervals, Then validate heartbeat occurs within 2x configured SSE_HEARTBEAT_INTERVAL (generous window, not exact timing)",
    standard: baseline(
      "15",
      "Tests validate heartbeat exists within 2x configured SSE_HEARTBEAT_INTERVAL (generous window for CI flakiness)",
    ),
    alongside: true,
    timeoutMs: heartbeatTimeout(2),
    async run({ listen, heartbeatMs }, scope) {
      const offsets: number[] = [];
      for await (const { event, offsetMs } of listen(scope).connect()) {
        if (event === "heartbeat" || event === "version") offsets.push(offsetMs);
        if (offsets.length === 3) break;
      }
      const gaps = offsets.slice(1).map((offset, at) => offset - offsets[at]!);
      check(gaps.length === 2, `the stream ended after ${offsets.length - 1} heartbeats`);
      const longest = Math.max(...gaps);
      scope.measure("intervalMs", longest);
      check(
        longest <= 2 * heartbeatMs,
        `a heartbeat came after ${Math.round(longest)} ms; the interval is ${heartbeatMs} ms`,
      );
    },
  },
];

/** `GET /api/utils/version/stream`. */
export const versionProfile: Profile<VersionTarget, VersionContext> = {
  name: "version",
  subject: "server",
  cases,
  open({ url, headers = {}, heartbeatMs = 5_000 }) {
    const address = `${url.replace(/\/+$/, "")}/api/utils/version/stream`;
    return Promise.resolve({
      heartbeatMs,
      listen: ({ log, patienceMs }) =>
        new SseClient(address, { log, headers, timeoutMs: Math.max(patienceMs, 2 * heartbeatMs) }),
    });
  },
};
