import type { JsonValue } from "@headwater/protocol";
import { asJson } from "../lib/json-value.ts";
import { type Definition, type Progress, toProgress, type TaskRun } from "./definition.ts";
import type { EventKind } from "./task-event.ts";
import type { Task, TaskError } from "./task.ts";
import { runInWorker } from "./run-in-worker.ts";

/** How an attempt ended. */
export type AttemptResult = { readonly output: JsonValue } | { readonly error: TaskError };

/** Where an attempt sends its events. */
export interface EventSink {
  append(kind: EventKind, value: JsonValue): void;
  flushed(): Promise<void>;
}

/** Runs a task's handler once, and never throws. @param signal the cancellation or the server's stop */
export async function attemptTask(
  definition: Definition,
  task: Task,
  events: EventSink,
  signal: AbortSignal,
): Promise<AttemptResult> {
  const { timeout, handler, input } = definition;
  const late = new AbortController();
  const timer = timeout === undefined ? undefined : setTimeout(() => late.abort(timeoutOf(timeout)), timeout);
  const either = AbortSignal.any([signal, late.signal]);
  let isOver = false;
  // A handler that goes on after its attempt sends no more events: the next attempt may already run.
  const append: EventSink["append"] = (kind, value) => {
    if (!isOver) events.append(kind, value);
  };
  const run = createRun(task, { append, flushed: () => events.flushed() }, either);
  const timedOut = new Promise<never>((_, reject) => {
    late.signal.addEventListener("abort", () => reject(late.signal.reason as Error), { once: true });
  });
  try {
    const work =
      handler instanceof URL
        ? runInWorker(handler, task.input, run)
        : (async () => handler(input(task.input) as never, run))();
    return { output: asJson(await Promise.race([work, timedOut])) };
  } catch (error) {
    return { error: { code: late.signal.aborted ? "timeout" : "error", message: messageOf(error) } };
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}

const timeoutOf = (milliseconds: number): Error => new Error(`It took longer than ${milliseconds} ms.`);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const createRun = ({ id, name, attempt }: Task, events: EventSink, signal: AbortSignal): TaskRun => ({
  id,
  name,
  attempt,
  signal,
  progress(update: Progress | string, share?: number) {
    events.append("progress_update", asJson(toProgress(update, share)));
  },
  write(text) {
    if (text !== "") events.append("text", text);
  },
  flushed: () => events.flushed(),
});
