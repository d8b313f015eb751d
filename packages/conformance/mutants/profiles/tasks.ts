import { PROGRESS_FIELDS, TASK_STREAM } from "../../src/profiles/tasks/model.ts";
import type { TasksTarget } from "../../src/profiles/tasks/target.ts";
import { tasksProfile } from "../../src/profiles/tasks/profile.ts";
import { fieldViolations, withData } from "../framework/field-violations.ts";
import type { Frame } from "../framework/frame.ts";
import { oddStyle } from "../framework/frame.ts";
import { judged } from "../framework/judge.ts";
import type { Mutant } from "../framework/mutant.ts";
import { changes, type Match, type OperatorName, type Violation, violations } from "../framework/operators.ts";
import type { Random } from "../framework/random.ts";
import type { When } from "../framework/when.ts";
import { startTasksPeer, type TaskFaults, type TaskPlan } from "../peers/tasks-peer.ts";

/** Long enough for half of it to be more than this machine's own delays. */
const HEARTBEAT_MS = 800;

const mutant = (rule: string, { name, tamper }: Violation): Mutant<TasksTarget> => ({
  rule,
  name,
  open: (scope) => startTasksPeer(scope, { tamper, heartbeatMs: HEARTBEAT_MS }),
});

const faulty = (rule: string, name: string, faults: TaskFaults): Mutant<TasksTarget> => ({
  rule,
  name,
  open: (scope) => startTasksPeer(scope, { faults, heartbeatMs: HEARTBEAT_MS }),
});

/** The frames of one kind of the model. */
const isKind =
  (kind: string): Match =>
  ({ event, data }) =>
    kind in { connection_open: 1, heartbeat: 1, error: 1, connection_close: 1 }
      ? event === kind
      : event === "task_event" && (data ?? "").includes(`"event_type":"${kind}"`);

const of = (rule: string, all: readonly Violation[]): Mutant<TasksTarget>[] => all.map((each) => mutant(rule, each));

/** The fields of each kind, as the model has them. */
const fields = Object.entries(TASK_STREAM.kinds).flatMap(([kind, { fields: all }]) =>
  of(`the fields of ${kind}`, fieldViolations(kind, all, isKind(kind))),
);

const HEARTBEAT_GOES: readonly OperatorName[] = ["drop", "hang before"];
type OrderRow = readonly [kind: string, operators: readonly OperatorName[], whens?: readonly When[]];
const ORDER: readonly OrderRow[] = [
  ["connection_open", ["drop", "double", "reorder", "hold back", "stop half way", "hang before", "end before"]],
  ["progress_update", ["double", "double the first", "stop half way", "break half way", "end before", "hang before"]],
  ["progress_update", ["drop", "drop the first", "reorder"], ["first", "second", "later"]],
  ["task_completed", ["drop", "double", "reorder", "stop half way", "end before", "hang before"]],
  ["task_failed", ["drop", "double", "reorder", "stop half way", "hang before"]],
  ["error", ["drop", "double", "reorder", "stop half way"]],
  ["connection_close", ["drop", "double", "stop half way", "end before", "hang before"]],
  ["heartbeat", HEARTBEAT_GOES],
];

const order = ORDER.flatMap(([kind, operators, whens]) =>
  of("what may follow what", violations(kind, isKind(kind), operators, whens)),
);

const isTaskEvent: Match = ({ event }) => event === "task_event";
const isAny: Match = () => true;
const setting =
  (name: string, value: (data: Readonly<Record<string, unknown>>) => unknown) =>
  (frame: Frame): Frame =>
    withData(frame, (data) => ({ ...data, [name]: value(data) }));

const progressOf = (data: Readonly<Record<string, unknown>>): number =>
  (data["data"] as { readonly progress?: number }).progress ?? 0;

const meaning: Mutant<TasksTarget>[] = [
  ...of(
    "progress",
    fieldViolations("data of progress_update", PROGRESS_FIELDS, isKind("progress_update"), { path: "data" }),
  ),
  ...of(
    "progress does not go back",
    changes("send progress that goes back", isKind("progress_update"), (frame) =>
      setting("data", (data) => ({ ...(data["data"] as object), progress: 1 - progressOf(data) }))(frame),
    ),
  ),
  ...of(
    "task_id is that of the URL",
    changes(
      "name another task",
      isTaskEvent,
      setting("task_id", () => "task-0"),
    ),
  ),
  ...of("a failure has details", [
    ...changes(
      "say no more than that it failed",
      isKind("task_failed"),
      setting("data", () => ({})),
    ),
    ...changes(
      "number its failures",
      isKind("task_failed"),
      setting("data", () => ({ code: 17 })),
    ),
    ...changes(
      "leave the message empty",
      isKind("task_failed"),
      setting("data", () => ({ error: "" })),
    ),
  ]),
  ...of("an error has a message", [
    ...changes(
      "send an error without a message",
      isKind("error"),
      setting("error", () => undefined),
    ),
    ...changes(
      "send an error with an empty message",
      isKind("error"),
      setting("error", () => ""),
    ),
    ...changes(
      "send an error with a number",
      isKind("error"),
      setting("error", () => 404),
    ),
  ]),
  ...of(
    "the reason of connection_close is the last event",
    changes(
      "give another reason",
      isKind("connection_close"),
      setting("reason", () => "done"),
    ),
  ),
  ...of("task events are wrapped", [
    ...changes("do not wrap progress", isKind("progress_update"), (frame) => ({ ...frame, event: "progress_update" })),
    ...changes("wrap under another name", isTaskEvent, (frame) => ({ ...frame, event: "taskEvent" })),
  ]),
];

const correlation: Mutant<TasksTarget>[] = [
  ...of("one correlation id a connection", [
    ...changes(
      "change the correlation id",
      isTaskEvent,
      setting("correlation_id", () => "other"),
    ),
    ...changes(
      "change it in the last event",
      isKind("connection_close"),
      setting("correlation_id", () => "other"),
    ),
    ...changes(
      "change it in heartbeats",
      isKind("heartbeat"),
      setting("correlation_id", () => "other"),
    ),
  ]),
  faulty("a correlation id of its own", "gives all connections the same correlation id", {
    correlationOf: () => "always",
  }),
  faulty("a correlation id of its own", "gives all connections to a task the same correlation id", {
    correlationOf: ({ url }, made) => (url.pathname.includes("no-such") ? made : url.pathname),
  }),
  ...of(
    "the given correlation id is kept",
    changes(
      "keep the given correlation id in the first event only",
      ({ event, data }) => event !== "connection_open" && (data ?? "").includes('"conformance-1"'),
      setting("correlation_id", () => "made"),
      ["every"],
    ),
  ),
];

const resuming: Mutant<TasksTarget>[] = [
  faulty("Last-Event-ID", "ignores Last-Event-ID", { replay: (_, history) => history }),
  faulty("Last-Event-ID", "repeats the event that Last-Event-ID names", {
    replay: (after, history) => history.filter(({ number }) => number >= after),
  }),
  faulty("Last-Event-ID", "skips one event after Last-Event-ID", {
    replay: (after, history) => history.filter(({ number }) => number > (after === 0 ? 0 : after + 1)),
  }),
  faulty("Last-Event-ID", "replays backwards", {
    replay: (after, history) => (after === 0 ? history : history.filter(({ number }) => number > after).reverse()),
  }),
  faulty("Last-Event-ID", "resumes with other data", {
    replay: (after, history) =>
      history
        .filter(({ number }) => number > after)
        .map((event) => (after === 0 ? event : { ...event, data: { text: "Again" } })),
  }),
  faulty("Last-Event-ID", "resumes with new timestamps", {
    replay: (after, history) =>
      history
        .filter(({ number }) => number > after)
        .map((event) => (after === 0 ? event : { ...event, timestamp: "2024-01-01T12:00:00Z" })),
  }),
  faulty("a late listener gets the same", "replays with other data", {
    replay: (after, history, { number: connection }) =>
      history
        .filter(({ number }) => number > after)
        .map((event) => (connection > 5 && after === 0 ? { ...event, data: { text: "Again" } } : event)),
  }),
  faulty("a late listener gets the same", "leaves out the middle of the history", {
    replay: (after, history, { number: connection }) =>
      history.filter(({ number }) => number > after && (connection <= 5 || after > 0 || number !== 2)),
  }),
  faulty("ids", "gives all events the same id", { idOf: () => "e.1" }),
  faulty("ids", "gives progress no id, and the end one", {
    idOf: ({ type, number }) => (type === "progress_update" ? undefined : `e.${number}`),
  }),
  faulty("ids are the same on every connection", "numbers the events of each connection from the start", {
    idOf: ({ number }, connection) => `${connection.number}-x.${number}`,
  }),
  faulty("all clients receive the same events", "leaves out an event for all but the first four listeners", {
    mostListeners: 4,
  }),
  faulty("nothing is lost over connections", "loses what comes during a replay", { duringReplay: "lost" }),
  faulty("nothing is doubled over connections", "doubles the first live event after a replay", {
    duringReplay: "doubled",
  }),
];

const format: Mutant<TasksTarget>[] = [
  ...of("well-formed", [
    ...changes("send Python literals", isKind("connection_open"), (frame) => ({
      ...frame,
      data: frame.data!.replaceAll('"', "'"),
    })),
    ...changes("send heartbeats that are no JSON", isKind("heartbeat"), (frame) => ({ ...frame, data: "beat" })),
    ...changes("break lines within data", isTaskEvent, ({ event, id, data }) => ({
      raw: `id: ${id}\nevent: ${event}\ndata: ${data!.replace(",", ",\n")}\n\n`,
    })),
    ...changes("add a line that is no field", isTaskEvent, ({ event, id, data }) => ({
      raw: `Processing\nid: ${id}\nevent: ${event}\ndata: ${data}\n\n`,
    })),
    ...changes("send bytes that are not UTF-8", isAny, (frame) => [{ raw: Uint8Array.of(0x3a, 0xff, 0x0a) }, frame]),
  ]),
  ...["text/plain", "application/json"].map((type) =>
    mutant("well-formed", {
      name: `declare ${type}`,
      tamper: { head: ({ status, headers }) => ({ status, headers: { ...headers, "content-type": type } }) },
    }),
  ),
  mutant("the server ends the stream", {
    name: "leave the stream open after connection_close",
    tamper: { staysOpen: () => true },
  }),
  mutant("the server ends the stream", {
    name: "leave the first stream open after connection_close",
    tamper: { staysOpen: ({ number }) => number === 1 },
  }),
  ...[404, 500, 201].map((status) => faulty("an unknown task", `answer ${status}`, { unknownStatus: status })),
];

/** A right server with its own way to write, to report and to number. */
function oddPlan(random: Random): TaskPlan {
  const count = random.between(1, 6);
  const steps = Array.from({ length: count }, (_, at) => ({
    afterMs: random.between(0, 12),
    data: random.pick<unknown>([
      { text: "Línea 🦩 \u2028 one", progress: at / count },
      { progress: at / count, extra: [at] },
      { text: "no number" },
      { delta: "a part " },
    ]),
  }));
  return {
    steps,
    startDelayMs: random.between(0, 20),
    result: random.pick<unknown>([{}, { rows: 3 }, { progress: 0 }]),
    error: random.pick<unknown>([{ error: "the disk is full" }, { message: "Défaut", code: 3 }]),
  };
}

export const tasksSuite = judged({
  profile: tasksProfile,
  mutants: [...fields, ...order, ...meaning, ...correlation, ...resuming, ...format],
  odd: (random, scope) =>
    startTasksPeer(scope, {
      plan: oddPlan(random),
      style: oddStyle(random, 15),
      heartbeatMs: HEARTBEAT_MS * (random.between(50, 100) / 100),
      headers: random.pick<Record<string, string>>([
        { "content-type": "text/event-stream; charset=utf-8" },
        { "content-type": "Text/Event-Stream;charset=UTF-8", "cache-control": "no-store" },
      ]),
    }),
  clock: { heartbeatMs: HEARTBEAT_MS, patienceMs: 1_200, settleMs: 100 },
});
