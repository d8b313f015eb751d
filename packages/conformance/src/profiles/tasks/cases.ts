import type { Case, Standard } from "../../core/case.ts";
import type { Clock } from "../../core/clock.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import { judge } from "../../model/judge.ts";
import type { Recording } from "../../stream/recording.ts";
import { baseline, correlationFault, correlationOf, formatFault, heartbeatFault, openingFault } from "../baseline.ts";
import { kindOf, messageOf } from "./model.ts";
import {
  endFault,
  failureFault,
  historyFault,
  idFault,
  kindFault,
  progressDataFault,
  progressFault,
  sequenceFault,
  taskIdFault,
} from "./rules.ts";
import { GIVEN_CORRELATION, IDLE_BEATS, type TaskRun, type TasksContext } from "./target.ts";

const group = "Task stream";
const beyond = "Beyond the document";
const headwaterSays = (sentence: string): Standard => ({ source: "Headwater's task streams", sentence });

const all = ({ listeners, late }: TaskRun): readonly Recording[] => [...listeners, ...late];

/** Each recording may take this long, and the first case that needs it waits for it. */
const timeoutMs = ({ caseMs, silenceMs }: Clock): number => caseMs + 4 * silenceMs;

/** All streams of tasks that the target can start, and of one that does not exist. */
async function everyStream({ target, completes, fails, unknown }: TasksContext): Promise<readonly Recording[]> {
  return [...all(await completes()), ...(target.fails ? all(await fails()) : []), ...(await unknown())];
}

/** The document's scenarios, under its names. */
const SCENARIOS: readonly Case<TasksContext>[] = [
  {
    group,
    name: "Given task exists and running, When SSE client connects, Then receive connection_open event immediately",
    standard: baseline("3", "connection_open (immediate on connect)"),
    alongside: true,
    timeoutMs,
    async run(context, scope) {
      const { idles, completes, target } = context;
      const { listeners } = await (target.idles ? idles() : completes());
      judge(listeners, scope, (recording) => openingFault(recording, scope.clock));
      judge(await everyStream(context), scope, (recording) => kindFault(recording, "connection_open"));
      scope.measure("openMs", listeners[0]!.events[0]!.offsetMs);
    },
  },
  {
    group,
    name: 'Given task sends progress, When receiving stream, Then receive task_event with event_type="progress_update" (wrapped format with nested data)',
    standard: baseline("3", "all task execution events wrapped in task_event with event_type field"),
    timeoutMs,
    async run({ completes }, scope) {
      const { id, listeners, late } = await completes();
      judge([...listeners, ...late], scope, (recording) => {
        const kinds = recording.events.map(kindOf);
        if (!kinds.includes("progress_update")) return `no progress_update arrived: ${show(kinds)}`;
        return kindFault(recording, "progress_update") ?? progressDataFault(recording) ?? taskIdFault(recording, id);
      });
    },
  },
  {
    group,
    name: 'Given task completes successfully, When stream ends, Then receive task_event with event_type="task_completed", then connection_close event',
    standard: baseline("3", 'task_event with event_type="task_completed" OR event_type="task_failed" (final event)'),
    timeoutMs,
    async run({ completes }, scope) {
      judge(
        all(await completes()),
        scope,
        (recording) => endFault(recording, "task_completed") ?? kindFault(recording, "task_completed"),
      );
    },
  },
  {
    group,
    name: 'Given task fails with exception, When stream ends, Then receive task_event with event_type="task_failed" with error details',
    standard: baseline("8", "Test validates task_failed event received with error details; connection closes"),
    timeoutMs,
    async run({ fails }, scope) {
      const run = await fails();
      judge(
        all(run),
        scope,
        (recording) =>
          endFault(recording, "task_failed") ??
          kindFault(recording, "task_failed") ??
          failureFault(recording) ??
          taskIdFault(recording, run.id),
      );
    },
  },
  {
    group,
    name: "Given task does not exist, When SSE client connects, Then receive connection_open, error event, connection_close (not HTTP 404)",
    standard: baseline(
      "3",
      'OR if task not found: connection_open, error (with task not found message), connection_close (with reason="task_not_found")',
    ),
    timeoutMs,
    async run({ unknown }, scope) {
      judge(await unknown(), scope, ({ events, stream }) => {
        if (stream.status !== 200) return `not an event stream: the status is ${stream.status}`;
        const kinds = events.map(kindOf);
        const [, error, close] = events;
        if (kinds[1] !== "error" || kinds[2] !== "connection_close")
          return `an unknown task's stream is ${show(kinds)}`;
        if (messageOf(error!.fields) === undefined) return `error has no message: ${show(error!.data)}`;
        const reason = close!.fields?.["reason"];
        return reason === "task_not_found"
          ? undefined
          : `connection_close has the reason ${show(reason)}, not "task_not_found"`;
      });
    },
  },
  {
    group,
    name: "Given task idle (no events), When waiting, Then receive heartbeat events every ~5s",
    standard: baseline("15", "Tests validate heartbeat exists within 2x configured SSE_HEARTBEAT_INTERVAL"),
    alongside: true,
    timeoutMs,
    async run({ idles }, scope) {
      const { listeners } = await idles();
      judge(
        listeners,
        scope,
        (recording) => heartbeatFault(recording, scope.clock, IDLE_BEATS) ?? kindFault(recording, "heartbeat"),
      );
      const beat = listeners[0]!.events.find(({ event }) => event === "heartbeat");
      if (beat) scope.measure("heartbeatAfterMs", beat.offsetMs);
    },
  },
  {
    group,
    name: "Given multiple clients connect to same task, When task sends events, Then all clients receive same events (existing behavior)",
    standard: baseline("13", "When task sends events, Then all clients receive same events"),
    timeoutMs,
    async run({ completes }, scope) {
      const [first, ...others] = (await completes()).listeners;
      judge(others, scope, ({ events }) => {
        const fault = historyFault(events, first!.events);
        return fault && `two listeners of one task received different events: ${fault}`;
      });
    },
  },
  {
    group,
    name: "Given event data contains correlation_id, When parsed, Then validate or strip correlation_id field (injected by format_sse_event)",
    standard: baseline("3", "correlation_id field injected by format_sse_event() must be handled in tests"),
    alongside: true,
    timeoutMs,
    async run(context, scope) {
      const { target, idles } = context;
      const streams = [...(await everyStream(context)), ...(target.idles ? (await idles()).listeners : [])];
      judge(streams, scope, correlationFault);
      const ids = streams.map(correlationOf);
      judge(streams, scope, (recording) => {
        const id = correlationOf(recording);
        return ids.indexOf(id) === ids.lastIndexOf(id) ? undefined : `two streams have the correlation id ${show(id)}`;
      });
    },
  },
];

/** What holds for all streams of the document, over one connection and over many. */
const INVARIANTS: readonly Case<TasksContext>[] = [
  {
    group: "Invariants",
    name: "events follow one another as the model says, and the server ends the stream after connection_close",
    standard: baseline(
      "6",
      "no events after task completion; connection_open always first; connection closes after final event",
    ),
    timeoutMs,
    async run(context, scope) {
      judge(await everyStream(context), scope, sequenceFault);
    },
  },
  {
    group: "Invariants",
    name: "progress does not go back",
    standard: baseline("5", "Receive progress_update events (validate ordering, progress values)"),
    timeoutMs,
    async run({ completes }, scope) {
      judge(all(await completes()), scope, ({ events }) => progressFault(events));
    },
  },
  {
    group: "Invariants",
    name: "every stream is a well-formed event stream of JSON objects",
    standard: baseline("6", "All events follow SSE spec; data payloads are valid JSON; event names are non-empty"),
    alongside: true,
    timeoutMs,
    async run(context, scope) {
      const { target, idles } = context;
      judge([...(await everyStream(context)), ...(target.idles ? (await idles()).listeners : [])], scope, formatFault);
    },
  },
];

/** What the document leaves out, but clients need in order to resume. */
const RESUMING: readonly Case<TasksContext>[] = [
  {
    group: beyond,
    name: "a finished task's stream replays the same events and closes",
    standard: headwaterSays("Without an id, it starts at the task's beginning. A finished task is kept."),
    timeoutMs,
    async run({ completes }, scope) {
      const { listeners, late } = await completes();
      if (late.every(({ events }) => !events.some(({ event }) => event === "task_event")))
        notOffered("a late listener gets no history");
      judge(late, scope, ({ events }) => {
        const fault = historyFault(events, listeners[0]!.events);
        return fault && `the replay differs from the stream: ${fault}`;
      });
    },
  },
  {
    group: beyond,
    name: "each task event has an id of its own, and Last-Event-ID resumes after each",
    standard: headwaterSays(
      "Each task_event and the last connection_close have an opaque id. With Last-Event-ID, the stream continues after that event.",
    ),
    timeoutMs,
    async run({ completes, resumed }, scope) {
      const run = await completes();
      judge(all(run), scope, idFault);
      const [first] = run.listeners;
      judge(await resumed(), scope, ({ events, lastEventId, stream }) => {
        // 204 is the answer to a client that has everything.
        if (stream.status === 204) return historyFault([], first!.events, lastEventId);
        return historyFault(events, first!.events, lastEventId);
      });
    },
  },
  {
    group: beyond,
    name: "a client that joins late, or reconnects after each event of a running task, loses and repeats none",
    standard: headwaterSays("Each event arrives once and in order, over any number of connections and restarts."),
    timeoutMs,
    async run({ interrupted }, scope) {
      const { steady, parts, joiner } = await interrupted();
      judge([joiner], scope, ({ events }) => historyFault(events, steady.events));
      if (!steady.events.some(({ id }) => id !== undefined)) notOffered("the events have no ids");
      const fault = historyFault(
        parts.flatMap(({ events }) => [...events]),
        steady.events,
      );
      for (const { log } of [steady, ...parts]) scope.log.include(log);
      check(fault === undefined, `over ${parts.length} connections: ${fault}`);
      scope.measure("connections", parts.length);
    },
  },
  {
    group: beyond,
    name: "the client's correlation id is kept",
    standard: headwaterSays("correlation_id is the request's header X-Correlation-ID, or else its id."),
    timeoutMs,
    async run({ correlated }, scope) {
      const recording = await correlated();
      const id = correlationOf(recording);
      if (id !== GIVEN_CORRELATION) notOffered(`X-Correlation-ID is not used: correlation_id is ${show(id)}`);
      judge([recording], scope, correlationFault);
    },
  },
];

export const taskCases: readonly Case<TasksContext>[] = [...SCENARIOS, ...INVARIANTS, ...RESUMING];
