import { notOffered } from "../../core/checks.ts";
import type { Scope } from "../../core/scope.ts";
import { once } from "../../model/judge.ts";
import { type RecordOptions, type Recording, record } from "../../stream/recording.ts";
import { isTaskEvent } from "./model.ts";

/** A server with task streams, and functions that start tasks and return their ids. */
export interface TasksTarget {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Starts a task that reports progress and completes within a few seconds. */
  readonly completes: () => Promise<string>;
  /** Starts a task that fails within a few seconds. */
  readonly fails?: () => Promise<string>;
  /** Starts a task that runs for longer than two heartbeats and reports nothing. */
  readonly idles?: () => Promise<string>;
}

/** The connections to one task's stream. */
export interface TaskRun {
  readonly id: string;
  /** They listened from the start, at the same time. */
  readonly listeners: readonly Recording[];
  /** They came when the task had ended. */
  readonly late: readonly Recording[];
}

/** One task, followed by a steady listener, by one that reconnects after each event, and by one that joins after the first. */
export interface Interrupted {
  readonly steady: Recording;
  readonly parts: readonly Recording[];
  readonly joiner: Recording;
}

/** What the cases judge. Each is recorded once, when the first case asks for it. */
export interface TasksContext {
  readonly target: TasksTarget;
  readonly completes: () => Promise<TaskRun>;
  readonly fails: () => Promise<TaskRun>;
  readonly idles: () => Promise<TaskRun>;
  /** The streams of a task that does not exist. */
  readonly unknown: () => Promise<readonly Recording[]>;
  readonly interrupted: () => Promise<Interrupted>;
  /** Connects again to a task that has ended, with the id of each event in turn. */
  readonly resumed: () => Promise<readonly Recording[]>;
  /** With the header X-Correlation-ID. */
  readonly correlated: () => Promise<Recording>;
}

/** The correlation id that `correlated` sends. */
export const GIVEN_CORRELATION = "conformance-1";

/** Two heartbeats and a bit must fit into what an idle task runs. */
export const IDLE_BEATS = 2;
const LISTENERS = 5;
const MOST_RECONNECTS = 20;

type Open = (id: string, label: string, options?: Partial<RecordOptions>) => Promise<Recording>;

export function openContext(target: TasksTarget, scope: Scope): Promise<TasksContext> {
  const base = target.url.replace(/\/+$/, "");
  const open: Open = (id, label, options = {}) =>
    record(`${base}/api/tasks/${encodeURIComponent(id)}/stream`, scope, {
      label,
      // A heartbeat may come before the task's next event, so silence is measured without them.
      quietMs: Math.max(scope.clock.patienceMs, scope.clock.silenceMs),
      counts: ({ event }) => event !== "heartbeat",
      ...options,
      headers: { ...target.headers, ...options.headers },
    });
  const start = (kind: "completes" | "fails" | "idles"): Promise<string> =>
    target[kind]?.() ?? notOffered(`no way to start a task that ${kind} was given (--${kind})`);
  const context: TasksContext = {
    target,
    completes: once(() => runToItsEnd("completes", start, open)),
    fails: once(() => runToItsEnd("fails", start, open)),
    idles: once(() => idle(scope, start, open)),
    unknown: once(() => Promise.all([1, 2].map((n) => open("no-such-task", `unknown ${n}`)))),
    interrupted: once(() => interrupt(start, open)),
    resumed: once(async () => {
      const { id, listeners } = await context.completes();
      const ids = listeners[0]!.events.filter(isTaskEvent).map((event) => event.id);
      if (ids.length === 0 || ids.includes(undefined)) notOffered("the events have no ids");
      return Promise.all(ids.map((each) => open(id, `after ${each}`, { lastEventId: each })));
    }),
    correlated: once(async () => {
      const { id } = await context.completes();
      return open(id, "correlated", { headers: { "x-correlation-id": GIVEN_CORRELATION } });
    }),
  };
  return Promise.resolve(context);
}

type Start = (kind: "completes" | "fails" | "idles") => Promise<string>;

async function runToItsEnd(kind: "completes" | "fails", start: Start, open: Open): Promise<TaskRun> {
  const id = await start(kind);
  const labels = Array.from({ length: LISTENERS }, (_, at) => `${kind} ${at + 1}`);
  const listeners = await Promise.all(labels.map((label) => open(id, label)));
  return { id, listeners, late: [await open(id, `${kind} late`), await open(id, `${kind} later`)] };
}

async function idle({ clock }: Scope, start: Start, open: Open): Promise<TaskRun> {
  const id = await start("idles");
  const isEnough = (events: readonly { readonly event: string }[]): boolean =>
    events.filter(({ event }) => event === "heartbeat").length >= IDLE_BEATS;
  const listen = (label: string): Promise<Recording> =>
    open(id, label, { until: isEnough, quietMs: clock.silenceMs, counts: () => true });
  return { id, listeners: await Promise.all([listen("idle 1"), listen("idle 2")]), late: [] };
}

/** Follows a task over many connections: each closes after one new event, and the next goes on from its id. */
async function interrupt(start: Start, open: Open): Promise<Interrupted> {
  const id = await start("completes");
  const steady = open(id, "steady");
  const parts: Recording[] = [];
  let joiner: Promise<Recording> | undefined;
  let lastEventId: string | undefined;
  for (let at = 1; at <= MOST_RECONNECTS; at += 1) {
    const part = await open(id, `connection ${at}`, { lastEventId, until: (events) => events.some(isTaskEvent) });
    parts.push(part);
    joiner ??= open(id, "joiner");
    const last = part.events.findLast((event) => event.id !== undefined)?.id;
    if (part.end !== "still open" || last === undefined) break;
    lastEventId = last;
  }
  return { steady: await steady, parts, joiner: await (joiner ?? steady) };
}
