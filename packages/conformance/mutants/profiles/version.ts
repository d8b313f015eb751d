import { VERSION_STREAM } from "../../src/profiles/version/model.ts";
import { versionProfile, type VersionTarget } from "../../src/profiles/version/profile.ts";
import { fieldViolations, withData } from "../framework/field-violations.ts";
import { type Frame, oddStyle } from "../framework/frame.ts";
import { judged } from "../framework/judge.ts";
import type { Mutant } from "../framework/mutant.ts";
import { changes, type Match, type OperatorName, type Violation, violations } from "../framework/operators.ts";
import type { Random } from "../framework/random.ts";
import { startVersionPeer, type VersionPeerOptions } from "../peers/version-peer.ts";

/** Long enough for half of it to be more than this machine's own delays. */
const HEARTBEAT_MS = 800;

const isKind =
  (kind: string): Match =>
  ({ event }) =>
    event === kind;

const mutant = (rule: string, name: string, options: Partial<VersionPeerOptions>): Mutant<VersionTarget> => ({
  rule,
  name,
  open: (scope) => startVersionPeer(scope, { heartbeatMs: HEARTBEAT_MS, ...options }),
});

/** An event that comes too late is a matter of time: the kit forgives what its own delays explain. */
const isTimed = (name: string): boolean => name.startsWith("hold back");

const of = (rule: string, all: readonly Violation[]): Mutant<VersionTarget>[] =>
  all.map(({ name, tamper }) => ({ ...mutant(rule, name, { tamper }), ...(isTimed(name) && { isAlone: true }) }));

/** The kinds that a right server sends. */
const SENT = ["connection_open", "version", "heartbeat"] as const;

const fields = SENT.flatMap((kind) =>
  of(`the fields of ${kind}`, fieldViolations(kind, VERSION_STREAM.kinds[kind]!.fields, isKind(kind))),
);

const ORDER: Readonly<Record<(typeof SENT)[number], readonly OperatorName[]>> = {
  connection_open: ["drop", "double", "reorder", "stop half way", "end before", "hang before"],
  version: ["drop", "hold back", "reorder", "stop half way", "end before", "hang before"],
  heartbeat: ["drop", "stop half way", "break half way", "end before", "hang before"],
};

const order = SENT.flatMap((kind) => of("what may follow what", violations(kind, isKind(kind), ORDER[kind])));

const opening = of(
  "connection_open and version come at once",
  violations("connection_open and version", ({ event }) => event !== "heartbeat", ["hold back"]),
);

const setting =
  (name: string, value: unknown) =>
  (frame: Frame): Frame =>
    withData(frame, (data) => ({ ...data, [name]: value }));

let renamed = 0;

const others: Mutant<VersionTarget>[] = [
  ...of(
    "the event is named version",
    changes("name it version_info", isKind("version"), (frame) => ({ ...frame, event: "version_info" })),
  ),
  ...of(
    "heartbeats are events",
    changes("send heartbeats as comments", isKind("heartbeat"), () => ({ comment: " heartbeat" })),
  ),
  ...of(
    "times are ISO strings",
    changes("send built_at in the database's format", isKind("version"), setting("built_at", "2024-01-01 12:00:00")),
  ),
  ...of(
    "times are ISO strings",
    changes("send deploy_time in seconds", isKind("version"), setting("deploy_time", 1_704_110_400)),
  ),
  ...of("one correlation id a connection", [
    ...changes("change it in the version", isKind("version"), setting("correlation_id", "other")),
    ...changes("change it in heartbeats", isKind("heartbeat"), setting("correlation_id", "other")),
  ]),
  mutant("a correlation id of its own", "gives all connections the same correlation id", {
    faults: { correlationOf: () => "always" },
  }),
  ...of(
    "one version",
    changes("send each connection another version", isKind("version"), (frame) => {
      renamed += 1;
      return setting("version", `1.2.${renamed}`)(frame);
    }),
  ).slice(0, 1),
  ...of("time passes", [
    ...changes("send heartbeats whose time goes back", isKind("heartbeat"), (frame) => {
      renamed += 1;
      return setting("timestamp", new Date(1e12 - renamed * 1_000).toISOString())(frame);
    }),
  ]),
  ...[1, 2, 3].map((last) =>
    mutant("heartbeats go on", `stops after heartbeat ${last}`, { faults: { beats: (count) => count <= last } }),
  ),
  mutant("heartbeats go on", "sends one heartbeat in three", { faults: { beats: (count) => count % 3 === 0 } }),
  mutant("heartbeats go on", "sends no second heartbeat for a while", {
    faults: { beats: (count) => count < 2 || count > 4 },
  }),
  ...[0.5, 1.5, 2.5].map((beats) =>
    mutant("the stream stays open", `closes after ${beats} heartbeats`, {
      faults: { endsAfterMs: beats * HEARTBEAT_MS },
    }),
  ),
  ...of("the order", [
    ...changes("open again before a heartbeat", isKind("heartbeat"), (frame) => [
      { event: "connection_open", data: JSON.stringify({ status: "connected", correlation_id: correlationIn(frame) }) },
      frame,
    ]),
    ...changes("go on after connection_close", isKind("heartbeat"), (frame) => [
      { event: "connection_close", data: JSON.stringify({ reason: "idle", correlation_id: correlationIn(frame) }) },
      frame,
    ]),
  ]),
  ...of("well-formed", [
    ...changes("send Python literals", isKind("version"), (frame) => ({
      ...frame,
      data: frame.data!.replaceAll('"', "'"),
    })),
    ...changes("send heartbeats that are no JSON", isKind("heartbeat"), (frame) => ({ ...frame, data: "beat" })),
    ...changes("send bytes that are not UTF-8", isKind("heartbeat"), (frame) => [
      { raw: Uint8Array.of(0x3a, 0xff, 0x0a) },
      frame,
    ]),
    ...changes("write a log line between events", isKind("heartbeat"), (frame) => [
      { raw: "INFO still here\n" },
      frame,
    ]),
  ]),
  ...["text/plain", "text/event-stream-2"].map((type) =>
    mutant("well-formed", `declares ${type}`, {
      tamper: { head: ({ status, headers }) => ({ status, headers: { ...headers, "content-type": type } }) },
    }),
  ),
  mutant("well-formed", "answers 200 first and 500 later", {
    tamper: { head: ({ headers }, { number }) => ({ status: number === 1 ? 200 : 500, headers }) },
  }),
];

const correlationIn = ({ data }: Frame): unknown =>
  (JSON.parse(data!) as { readonly correlation_id: unknown }).correlation_id;

const oddVersion = (random: Random): Readonly<Record<string, unknown>> => ({
  version: random.pick(["2024.1", "v1.0.0-rc.1+b7", "β"]),
  environment: random.pick(["production", "développement"]),
  git_commit: random.pick([null, "abc123", "f".repeat(40)]),
  ...(random.chance(0.5) && { built_at: "2024-02-29T23:59:59.123456+05:30", deployed_at: null }),
  ...(random.chance(0.5) && { features: { a: [1, "\u2028"] } }),
});

export const versionSuite = judged({
  profile: versionProfile,
  mutants: [...fields, ...order, ...opening, ...others],
  odd: (random, scope) =>
    startVersionPeer(scope, {
      version: oddVersion(random),
      style: oddStyle(random, 20),
      heartbeatMs: HEARTBEAT_MS * (random.between(50, 120) / 100),
    }),
  clock: { heartbeatMs: HEARTBEAT_MS, patienceMs: 1_200, settleMs: 100 },
});
