import type { Scope } from "../../src/core/scope.ts";
import type { PocketBaseTarget } from "../../src/profiles/pocketbase/context.ts";
import { GROUP } from "../../src/profiles/pocketbase/document.ts";
import { GREETING, RECORD, RECORD_EVENT } from "../../src/profiles/pocketbase/model.ts";
import { pocketbaseProfile } from "../../src/profiles/pocketbase/profile.ts";
import { fieldViolations, withData, without } from "../framework/field-violations.ts";
import { type Frame, oddStyle } from "../framework/frame.ts";
import { judged } from "../framework/judge.ts";
import type { Mutant } from "../framework/mutant.ts";
import { changes, type Match, type Violation, violations } from "../framework/operators.ts";
import type { When } from "../framework/when.ts";
import { type Headwater, startHeadwater } from "../peers/headwater.ts";
import { type ProxyFault, startProxy } from "../peers/proxy.ts";
import { BROKEN_POCKETBASE_SERVERS } from "./pocketbase-faults.ts";

/** Streams at once: enough for the cases about many. */
const CONNECTIONS = 25;

/** One right server for all mutants: each is a proxy in front of it. */
let right: Promise<Headwater> | undefined;
let users = 0;

async function open(scope: Scope, fault: ProxyFault): Promise<PocketBaseTarget> {
  users += 1;
  scope.defer(async () => {
    users -= 1;
    if (users > 0) return;
    const server = right;
    right = undefined;
    await (await server)?.stop();
  });
  const { url, token } = await (right ??= startHeadwater(HEARTBEAT_MS / 4));
  const proxy = startProxy(url, token, fault);
  scope.defer(proxy.stop);
  return { url: proxy.url, superuser: { token }, connections: CONNECTIONS };
}

const HEARTBEAT_MS = 1_000;

/** @param only the cases that can tell: each run of all 25 takes seconds */
const of = (rule: string, only: string, all: readonly Violation[]): Mutant<PocketBaseTarget>[] =>
  all.map(({ name, tamper: { frames } }) => ({
    rule,
    name,
    only,
    open: (scope) => open(scope, { frames }),
  }));

const isGreeting: Match = ({ event }) => event === "PB_CONNECT";
const isAction =
  (action: string): Match =>
  ({ data }) =>
    (data ?? "").includes(`"action":"${action}"`);
const isRecord: Match = ({ data }) => (data ?? "").includes('"action":');

const EVERY: readonly When[] = ["every"];

const edited =
  (change: (record: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>) => (frame: Frame) =>
    withData(frame, (data) => ({ ...data, record: change(data["record"] as Record<string, unknown>) }));

const greeting = of("PB_CONNECT", "Basic connection establishment", [
  ...fieldViolations("PB_CONNECT", GREETING, isGreeting),
  ...violations("PB_CONNECT", isGreeting, ["drop", "double", "stop half way", "hang before"], EVERY),
  ...changes("name it connect", isGreeting, (frame) => ({ ...frame, event: "connect" }), EVERY),
  ...changes("give it another id", isGreeting, (frame) => ({ ...frame, id: "abc" }), EVERY),
  ...changes("give it no id", isGreeting, (frame) => ({ ...frame, id: undefined }), EVERY),
]);

const fields = of("the fields of record events", "CREATE event reception", [
  ...fieldViolations("record events", RECORD_EVENT, isRecord),
  ...fieldViolations("records", RECORD, isRecord, { path: "record" }),
  ...changes("name another topic", isRecord, (frame) => ({ ...frame, event: "posts/*" }), EVERY),
  ...changes("name no topic", isRecord, (frame) => ({ ...frame, event: undefined }), EVERY),
  ...changes(
    "send Python literals",
    isRecord,
    (frame) => ({ ...frame, data: frame.data!.replaceAll('"', "'") }),
    EVERY,
  ),
]);

const actions = ["create", "update", "delete"].flatMap((action) => {
  const is = isAction(action);
  return of("each change is one event", `${action.toUpperCase()} event reception`, [
    ...violations(`${action} events`, is, ["drop", "double", "stop half way", "hang before"], EVERY),
    ...changes(
      `change a field of ${action}`,
      is,
      edited((record) => ({ ...record, title: "other" })),
      EVERY,
    ),
    ...changes(
      `leave out a field of ${action}`,
      is,
      edited((record) => without(record, "n")),
      EVERY,
    ),
    ...changes(
      `number ${action} as text`,
      is,
      edited((record) => ({ ...record, n: String(record["n"]) })),
      EVERY,
    ),
  ]);
});

const order = of("the order of changes", "Event ordering guarantees", [
  ...violations("updates", isAction("update"), ["reorder", "drop the first", "double the first"], ["second"]),
]);

/** A busy server resyncs a session in place of a replay, and is slow. */
const needsQuiet = (name: string): boolean =>
  name === "Network interruption recovery" ||
  pocketbaseProfile.cases.some((each) => each.name === name && each.group === GROUP.performance);

/** The faults for which a case was written, each judged by that case. */
const known: Mutant<PocketBaseTarget>[] = BROKEN_POCKETBASE_SERVERS.map(({ fault, proxy, caughtBy, message }) => ({
  rule: caughtBy,
  name: fault,
  expected: { case: caughtBy, message },
  only: caughtBy,
  ...(needsQuiet(caughtBy) && { isAlone: true as const }),
  open: (scope) => open(scope, proxy),
}));

export const pocketbaseSuite = judged({
  profile: pocketbaseProfile,
  mutants: [...known, ...greeting, ...fields, ...actions, ...order],
  odd: (random, scope) => open(scope, { style: oddStyle(random, 5) }),
  oddOnly: `${GROUP.events}: `,
  mostSeeds: 20,
  isFixed: true,
  width: 6,
  clock: { heartbeatMs: HEARTBEAT_MS, patienceMs: 9_000, settleMs: 100, listenMs: 1_000 },
});
