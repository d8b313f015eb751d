import type { Case } from "../../core/case.ts";
import { check, show } from "../../core/checks.ts";
import { collect } from "../../stream/collect.ts";
import type { JsonEvent } from "../../stream/sse-client.ts";
import { checkCorrelationId, fieldsOf, checkIsoTime, namesOf, checkConnectionOpen, baseline } from "../baseline.ts";
import type { TasksContext } from "./target.ts";

const group = "Task stream";

/** The events without heartbeats, which may come at any time. */
const withoutHeartbeats = (events: readonly JsonEvent[]): JsonEvent[] =>
  events.filter(({ event }) => event !== "heartbeat");

const typeOf = (event: JsonEvent): unknown => fieldsOf(event)["event_type"];

/** The document's scenarios, under its names. */
export const scenarioCases: readonly Case<TasksContext>[] = [
  {
    group,
    name: "Given task exists and running, When SSE client connects, Then receive connection_open event immediately",
    standard: baseline("3", "connection_open (immediate on connect)"),
    async run({ start, listen }, scope) {
      const events = await collect(listen(scope, await start("completes")), () => true);
      checkConnectionOpen(events);
      scope.measure("openMs", events[0]!.offsetMs);
    },
  },
  {
    group,
    name: 'Given task sends progress, When receiving stream, Then receive task_event with event_type="progress_update" (wrapped format with nested data)',
    standard: baseline("3", "all task execution events wrapped in task_event with event_type field"),
    async run({ start, listen }, scope) {
      const id = await start("completes");
      const events = await collect(listen(scope, id));
      const progress = events.find((event) => event.event === "task_event" && typeOf(event) === "progress_update");
      check(progress !== undefined, `no progress_update arrived: ${show(namesOf(events))}`);
      const { task_id: task, timestamp, data } = fieldsOf(progress);
      check(task === id, `progress_update has the task_id ${show(task)}, expected ${show(id)}`);
      checkIsoTime(timestamp, "the timestamp of progress_update");
      check(typeof data === "object" && data !== null, `progress_update has no nested data: ${show(progress.data)}`);
    },
  },
  {
    group,
    name: 'Given task completes successfully, When stream ends, Then receive task_event with event_type="task_completed", then connection_close event',
    standard: baseline(
      "6",
      "Events arrive in causal order; no events after task completion; connection_open always first",
    ),
    async run({ start, listen }, scope) {
      checkEnd(await collect(listen(scope, await start("completes"))), "task_completed");
    },
  },
  {
    group,
    name: 'Given task fails with exception, When stream ends, Then receive task_event with event_type="task_failed" with error details',
    standard: baseline("8", "Test validates task_failed event received with error details; connection closes"),
    async run({ start, listen }, scope) {
      const events = withoutHeartbeats(await collect(listen(scope, await start("fails"))));
      checkEnd(events, "task_failed");
      const { data } = fieldsOf(events.at(-2)!);
      check(/[a-z]/i.test(show(data)) && show(data) !== "null", `task_failed has no error details: ${show(data)}`);
    },
  },
  {
    group,
    name: "Given task does not exist, When SSE client connects, Then receive connection_open, error event, connection_close (not HTTP 404)",
    standard: baseline(
      "3",
      'OR if task not found: connection_open, error (with task not found message), connection_close (with reason="task_not_found")',
    ),
    async run({ listen }, scope) {
      const events = await collect(listen(scope, "no-such-task"));
      checkConnectionOpen(events);
      const names = namesOf(events);
      check(
        show(names) === show(["connection_open", "error", "connection_close"]),
        `an unknown task's stream is ${show(names)}`,
      );
      const { reason } = fieldsOf(events[2]!);
      check(reason === "task_not_found", `connection_close has the reason ${show(reason)}, not "task_not_found"`);
    },
  },
  {
    group,
    name: "Given task idle (no events), When waiting, Then receive heartbeat events every ~5s",
    standard: baseline("15", "Tests validate heartbeat exists within 2x configured SSE_HEARTBEAT_INTERVAL"),
    alongside: true,
    timeoutMs: ({ heartbeatMs }) => 15_000 + 2 * heartbeatMs,
    async run({ start, listen, heartbeatMs }, scope) {
      const client = listen(scope, await start("idles"), { timeoutMs: 2 * heartbeatMs });
      const events = await collect(client, ({ event }) => event === "heartbeat");
      const beat = events.at(-1);
      check(
        beat?.event === "heartbeat",
        `the stream of an idle task ended without a heartbeat: ${show(namesOf(events))}`,
      );
      scope.measure("heartbeatAfterMs", beat.offsetMs);
    },
  },
  {
    group,
    name: "Given multiple clients connect to same task, When task sends events, Then all clients receive same events (existing behavior)",
    standard: baseline("13", "When task sends events, Then all clients receive same events"),
    async run({ start, listen }, scope) {
      const id = await start("completes");
      const streams = await Promise.all(["a", "b", "c"].map((label) => collect(listen(scope, id, { label }))));
      const [first, ...others] = streams.map((events) =>
        withoutHeartbeats(events)
          .filter(({ event }) => event === "task_event")
          .map(withoutCorrelation),
      );
      check(first!.length > 0, "no task_event arrived");
      for (const other of others)
        check(
          show(other) === show(first),
          `two listeners of one task received different events: ${show(first)} and ${show(other)}`,
        );
    },
  },
  {
    group,
    name: "Given event data contains correlation_id, When parsed, Then validate or strip correlation_id field (injected by format_sse_event)",
    standard: baseline("3", "correlation_id field injected by format_sse_event() must be handled in tests"),
    async run({ start, listen }, scope) {
      const id = checkCorrelationId(await collect(listen(scope, await start("completes"))));
      const other = checkCorrelationId(await collect(listen(scope, "no-such-task")));
      check(id !== other, `two streams have the same correlation id, ${show(id)}`);
    },
  },
];

function checkEnd(events: readonly JsonEvent[], type: string): void {
  checkConnectionOpen(events);
  const [last, end] = [withoutHeartbeats(events).at(-1), withoutHeartbeats(events).at(-2)];
  check(last?.event === "connection_close", `the stream ends with ${last?.event ?? "nothing"}, not connection_close`);
  check(
    end?.event === "task_event" && typeOf(end) === type,
    `before connection_close comes ${show(end?.data)}, not ${type}`,
  );
  const { reason } = fieldsOf(last);
  check(reason === type, `connection_close has the reason ${show(reason)}, not ${show(type)}`);
  const early = withoutHeartbeats(events)
    .slice(0, -2)
    .find((event) => event.event === "task_event" && /^task_(completed|failed)$/.test(String(typeOf(event))));
  check(early === undefined, `another event follows ${show(early && typeOf(early))}`);
}

/** Each stream has its own correlation id, so comparisons leave it out. */
function withoutCorrelation(event: JsonEvent): unknown {
  return { ...fieldsOf(event), correlation_id: undefined };
}
