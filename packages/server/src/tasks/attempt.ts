import type { JsonValue } from "@headwater/protocol";
import { callBounded } from "../lib/scheduling/call-bounded.ts";
import { callAfter } from "../lib/scheduling/timers.ts";
import { type Definition, type Progress, toProgress, type TaskRun } from "./definition.ts";
import type { EventKind } from "./task-event.ts";
import { assertSize, toStored, UnwritableError } from "./task-json.ts";
import type { Task, TaskError } from "./task.ts";
import { runInWorker } from "./run-in-worker.ts";

/** How an attempt ended. */
export type AttemptResult = { readonly output: JsonValue } | { readonly error: TaskError };

/** What the server allows each task; 0 is no limit. */
export interface TaskLimits {
  /** The size of an input, a result and an event. */
  readonly maxBytes: number;
  /** How long a handler may compute without awaiting anything, in milliseconds. */
  readonly blockMs: number;
  /** Counts what could not be stored. */
  readonly onUnwritable?: () => void;
}

export const NO_TASK_LIMITS: TaskLimits = { maxBytes: 0, blockMs: 0 };

/** Where an attempt sends its events. */
export interface EventSink {
  append(kind: EventKind, value: JsonValue): void;
  flushed(): Promise<void>;
}

/**
 * Runs a task's handler once, and never throws.
 *
 * @param signal the cancellation or the server's stop
 * @param limits of the server for all tasks
 */
export async function attemptTask(
  definition: Definition,
  task: Task,
  events: EventSink,
  signal: AbortSignal,
  { maxBytes, blockMs, onUnwritable }: TaskLimits,
): Promise<AttemptResult> {
  const { timeout, handler, input } = definition;
  const late = new AbortController();
  const stopTimer = timeout === undefined ? undefined : callAfter(timeout, () => late.abort(timeoutOf(timeout)));
  const either = AbortSignal.any([signal, late.signal]);
  let isOver = false;
  // A handler that goes on after its attempt sends no more events: the next attempt may already run.
  const append: EventSink["append"] = (kind, value) => {
    if (!isOver) events.append(kind, value);
  };
  const run = createRun(task, { append, flushed: () => events.flushed() }, either, maxBytes);
  const blocked = (): Error =>
    new Error(
      `The task "${task.name}" blocked the server for ${blockMs / 1_000} seconds. Define it by a URL to run it in a thread.`,
    );
  const timedOut = new Promise<never>((_, reject) => {
    late.signal.addEventListener("abort", () => reject(late.signal.reason as Error), { once: true });
  });
  try {
    const work =
      handler instanceof URL
        ? runInWorker(handler, task.input, run)
        : (async () => callBounded(() => handler(input(task.input) as never, run), blockMs, blocked))();
    const result = await Promise.race([work, timedOut]);
    return { output: toStored(result, `The result of the task "${task.name}"`, maxBytes) };
  } catch (error) {
    if (error instanceof UnwritableError) onUnwritable?.();
    return { error: { code: late.signal.aborted ? "timeout" : "error", message: messageOf(error) } };
  } finally {
    isOver = true;
    stopTimer?.();
  }
}

const timeoutOf = (milliseconds: number): Error => new Error(`It took longer than ${milliseconds} ms.`);

/** An error message is stored and sent like a result, so it is bounded as well. */
const messageOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
};

/** Characters. */
const MAX_MESSAGE = 10_000;

const createRun = ({ id, name, attempt }: Task, events: EventSink, signal: AbortSignal, maxBytes: number): TaskRun => ({
  id,
  name,
  attempt,
  signal,
  progress(update: Progress | string, share?: number) {
    const value = toStored(toProgress(update, share), `The progress of the task "${name}"`, maxBytes);
    events.append("progress_update", value);
  },
  write(text) {
    assertSize(text, `The text of the task "${name}"`, maxBytes);
    if (text !== "") events.append("text", text);
  },
  flushed: () => events.flushed(),
});
