import type { Scope } from "../../src/core/scope.ts";
import type { TasksTarget } from "../../src/profiles/tasks/target.ts";
import { type PeerOptions, startPeer, type Writer } from "../framework/peer.ts";
import type { Connection } from "../framework/tamper.ts";

/** Wrong turns that are not a matter of single frames. */
export interface TaskFaults {
  /** Which events a client gets that has this id. */
  readonly replay?: (after: number, history: readonly TaskEvent[], connection: Connection) => readonly TaskEvent[];
  /** What happens to events that come while a connection replays: it takes a moment. */
  readonly duringReplay?: "lost" | "doubled";
  /** How many listeners get the second event if they wait for it. */
  readonly mostListeners?: number;
  readonly idOf?: (event: TaskEvent, connection: Connection) => string | undefined;
  readonly correlationOf?: (connection: Connection, made: string) => string;
  readonly unknownStatus?: number;
}

export interface TaskEvent {
  readonly number: number;
  readonly type: string;
  readonly timestamp: string;
  readonly data: unknown;
}

export interface TaskPeerOptions extends PeerOptions {
  readonly faults?: TaskFaults;
  /** What each kind of task reports, and how. */
  readonly plan?: TaskPlan;
  readonly heartbeatMs: number;
}

export interface TaskPlan {
  readonly steps: readonly { readonly afterMs: number; readonly data: unknown }[];
  readonly result: unknown;
  readonly error: unknown;
  readonly startDelayMs: number;
}

const PLAN: TaskPlan = {
  steps: [
    { afterMs: 15, data: { text: "Processing...", progress: 0.25 } },
    { afterMs: 25, data: { text: "Half", progress: 0.5 } },
    { afterMs: 25, data: { text: "Almost there", progress: 0.9 } },
  ],
  result: { found: 3 },
  error: { error: "the disk is full", code: "error" },
  startDelayMs: 60,
};

interface RunningTask {
  readonly id: string;
  readonly history: TaskEvent[];
  readonly listeners: Set<(event: TaskEvent) => void>;
  isOver: boolean;
}

/** A right server of task streams, unless its options say otherwise. */
export async function startTasksPeer(scope: Scope, options: TaskPeerOptions): Promise<TasksTarget> {
  const { plan = PLAN } = options;
  const tasks = new Map<string, RunningTask>();
  let correlations = 0;
  const url = await startPeer(
    scope,
    {
      stream(connection, open) {
        const id = decodeURIComponent(connection.url.pathname.split("/")[3] ?? "");
        correlations += 1;
        const made = connection.headers["x-correlation-id"] ?? `c-${correlations}`;
        const correlation = options.faults?.correlationOf?.(connection, made) ?? made;
        const task = tasks.get(id);
        if (!task && options.faults?.unknownStatus !== undefined) return { status: options.faults.unknownStatus };
        if (task?.isOver && connection.lastEventId === `${id}.${task.history.length + 1}`) return { status: 204 };
        return follow(task, connection, correlation, open(), options);
      },
    },
    options,
  );
  const start = async (kind: "completes" | "fails" | "idles"): Promise<string> => {
    const id = `task-${tasks.size + 1}`;
    const task: RunningTask = { id, history: [], listeners: new Set(), isOver: false };
    tasks.set(id, task);
    if (kind !== "idles") void runTask(task, kind, plan);
    return id;
  };
  return { url, completes: () => start("completes"), fails: () => start("fails"), idles: () => start("idles") };
}

async function runTask(task: RunningTask, kind: "completes" | "fails", plan: TaskPlan): Promise<void> {
  const emit = (type: string, data: unknown): void => {
    const event = { number: task.history.length + 1, type, timestamp: new Date().toISOString(), data };
    task.history.push(event);
    task.isOver = type !== "progress_update";
    for (const listener of task.listeners) listener(event);
  };
  await Bun.sleep(plan.startDelayMs);
  for (const { afterMs, data } of kind === "completes" ? plan.steps : plan.steps.slice(0, 1)) {
    await Bun.sleep(afterMs);
    emit("progress_update", data);
  }
  await Bun.sleep(10);
  if (kind === "completes") emit("task_completed", plan.result);
  else emit("task_failed", plan.error);
}

function follow(
  task: RunningTask | undefined,
  connection: Connection,
  correlation: string,
  writer: Writer,
  { faults = {}, heartbeatMs, style }: TaskPeerOptions,
): void {
  const send = (event: string, data: Readonly<Record<string, unknown>>, id?: string): void => {
    const fields = Object.entries({ ...data, correlation_id: correlation });
    const ordered = style?.random ? style.random.shuffle(fields) : fields;
    writer.send({ event, data: JSON.stringify(Object.fromEntries(ordered)), ...(id !== undefined && { id }) });
  };
  const close = (reason: string, id?: string): void => {
    send("connection_close", { reason }, id);
    writer.end();
  };
  send("connection_open", { status: "connected" });
  if (!task) {
    send("error", { error: "Task not found" });
    return close("task_not_found");
  }
  const beat = setInterval(() => send("heartbeat", { timestamp: new Date().toISOString() }), heartbeatMs);
  const idOf = faults.idOf ?? ((event: TaskEvent) => `${task.id}.${event.number}`);
  const deliver = (event: TaskEvent): void => {
    const { type, timestamp, data } = event;
    send("task_event", { event_type: type, task_id: task.id, timestamp, data }, idOf(event, connection));
    if (type === "progress_update") return;
    stop();
    close(type, idOf({ ...event, number: event.number + 1 }, connection));
  };
  const stop = (): void => {
    clearInterval(beat);
    task.listeners.delete(deliver);
  };
  writer.onClose(stop);
  const after = Number(connection.lastEventId?.split(".")[1] ?? 0);
  const { replay = (number, history) => history.filter((event) => event.number > number) } = faults;
  const missed = replay(after, task.history, connection);
  for (const event of missed) deliver(event);
  const isLeftOut = task.listeners.size >= (faults.mostListeners ?? Number.POSITIVE_INFINITY);
  if (task.isOver) {
    if (missed.at(-1)?.type === "progress_update" || missed.length === 0)
      close(task.history.at(-1)!.type, `${task.id}.${task.history.length + 1}`);
    return stop();
  }
  const live = (event: TaskEvent): void => {
    const isSecond = event.number === 2 && event.type === "progress_update";
    if (!isLeftOut || !isSecond) deliver(event);
  };
  writer.onClose(() => task.listeners.delete(live));
  listen(task, live, faults.duringReplay, missed.length);
}

/** Goes live, at once or, as a broken server, with a gap or an overlap. */
function listen(
  task: RunningTask,
  deliver: (event: TaskEvent) => void,
  fault: TaskFaults["duringReplay"],
  missed: number,
): void {
  if (fault === "lost" && missed > 0) {
    setTimeout(() => task.listeners.add(deliver), 40);
    return;
  }
  if (fault === "doubled" && missed > 0) {
    let first = true;
    task.listeners.add((event) => {
      if (first) deliver(event);
      first = false;
      deliver(event);
    });
    return;
  }
  task.listeners.add(deliver);
}
