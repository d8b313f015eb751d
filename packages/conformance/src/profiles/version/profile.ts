import type { Case, Profile } from "../../core/case.ts";
import { check, show } from "../../core/checks.ts";
import type { Scope } from "../../core/scope.ts";
import { collect } from "../../stream/collect.ts";
import { SseClient } from "../../stream/sse-client.ts";
import { correlated, fieldsOf, isoTime, namesOf, opens, plan } from "../baseline.ts";

export interface VersionTarget {
  /** The server; the stream is at /api/utils/version/stream. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** SSE_HEARTBEAT_INTERVAL, in milliseconds. */
  readonly heartbeatMs?: number;
}

interface VersionWorld {
  readonly heartbeatMs: number;
  readonly listen: (scope: Scope) => SseClient;
}

const group = "Version stream";

/** Twice the interval, as machines are loaded, for each of so many heartbeats. */
const patience =
  (beats: number) =>
  ({ heartbeatMs }: VersionWorld): number =>
    15_000 + 2 * beats * heartbeatMs;

/** The scenarios of the document, by their names there. */
const cases: readonly Case<VersionWorld>[] = [
  {
    group,
    name: "Given version stream endpoint, When SSE client connects, Then receive connection_open then version event (not version_info) immediately",
    standard: plan(
      "4",
      "SSE stream with connection_open, immediate version event (not version_info), then periodic heartbeat events",
    ),
    async run({ listen }, scope) {
      const events = await collect(listen(scope), (_, count) => count === 2);
      opens(events);
      check(events[1]?.event === "version", `the second event is ${events[1]?.event ?? "missing"}, not version`);
      scope.measure("versionMs", events[1].offsetMs);
    },
  },
  {
    group,
    name: "Given version event, When parsed, Then data contains version, environment, git_commit fields and correlation_id",
    standard: plan(
      "3",
      'data: {"version": "1.2.3", "environment": "development", "git_commit": "abc123", "correlation_id": "...", ...}',
    ),
    async run({ listen }, scope) {
      const events = await collect(listen(scope), ({ event }) => event === "version");
      correlated(events);
      const fields = fieldsOf(events.at(-1)!);
      for (const name of ["version", "environment"])
        check(typeof fields[name] === "string" && fields[name] !== "", `version has ${name} ${show(fields[name])}`);
      check("git_commit" in fields, `version has no git_commit: ${show(fields)}`);
    },
  },
  {
    group,
    name: "Given connection stays open, When waiting, Then receive periodic heartbeat events (not comments) with timestamp",
    standard: plan("3", 'event: heartbeat data: {"timestamp": "2024-01-01T12:00:00Z", "correlation_id": "..."}'),
    alongside: true,
    timeoutMs: patience(2),
    async run({ listen }, scope) {
      let beats = 0;
      const events = await collect(listen(scope), ({ event }) => event === "heartbeat" && (beats += 1) === 2);
      check(beats === 2, `the stream ended after ${beats} heartbeats: ${show(namesOf(events))}`);
      correlated(events);
      for (const beat of events.filter(({ event }) => event === "heartbeat"))
        isoTime(fieldsOf(beat)["timestamp"], "the timestamp of a heartbeat");
    },
  },
  {
    group,
    name: "Given version data contains datetimes, When serialized, Then converted to ISO strings (JSON-serializable, already handled by implementation)",
    standard: plan(
      "3",
      "version event (not version_info) must remain JSON-serializable (no datetime objects, use ISO strings)",
    ),
    async run({ listen }, scope) {
      const events = await collect(listen(scope), ({ event }) => event === "version");
      for (const [name, value] of Object.entries(fieldsOf(events.at(-1)!)))
        if (/(_at|_time|_date|timestamp)$/.test(name) && value !== null) isoTime(value, name);
    },
  },
  {
    group,
    name: "Given connection idle, When timeout not reached, Then connection remains open (no premature close)",
    standard: plan("13", "When timeout not reached, Then connection remains open (no premature close)"),
    alongside: true,
    timeoutMs: patience(1),
    async run({ listen }, scope) {
      const events = await collect(listen(scope), ({ event }) => event === "heartbeat");
      const last = events.at(-1);
      check(last?.event === "heartbeat", `the stream was over after ${last?.event ?? "nothing"}: ${show(last?.data)}`);
    },
  },
  {
    group,
    name: "Given heartbeat timing, When measuring intervals, Then validate heartbeat occurs within 2x configured SSE_HEARTBEAT_INTERVAL (generous window, not exact timing)",
    standard: plan(
      "15",
      "Tests validate heartbeat exists within 2x configured SSE_HEARTBEAT_INTERVAL (generous window for CI flakiness)",
    ),
    alongside: true,
    timeoutMs: patience(2),
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
        `a heartbeat came after ${Math.round(longest)} ms, where the interval is ${heartbeatMs}`,
      );
    },
  },
];

/** `GET /api/utils/version/stream`. */
export const versionProfile: Profile<VersionTarget, VersionWorld> = {
  name: "version",
  judges: "server",
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
