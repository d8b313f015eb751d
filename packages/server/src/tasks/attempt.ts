import type { JsonValue } from "@headwater/protocol";
import { asJson } from "../lib/json-value.ts";
import { type Definition, type Progress, progressOf, type TaskRun } from "./definition.ts";
import type { EventKind } from "./task-event.ts";
import type { Task, TaskError } from "./task.ts";
import { runInWorker } from "./run-in-worker.ts";

/** What an attempt came to. */
export type AttemptResult = { readonly output: JsonValue } | { readonly error: TaskError };

/** Where an attempt tells what it tells. */
export interface Telling {
  tell(kind: EventKind, value: JsonValue): void;
  flushed(): Promise<void>;
}

/**
 * Does a task once. Never throws.
 *
 * @param signal aborts it from outside
 */
export async function attemptTask(
  definition: Definition,
  task: Task,
  telling: Telling,
  signal: AbortSignal,
): Promise<AttemptResult> {
  const { timeout, handler, input } = definition;
  const late = new AbortController();
  const timer = timeout === undefined ? undefined : setTimeout(() => late.abort(timeoutOf(timeout)), timeout);
  const either = AbortSignal.any([signal, late.signal]);
  let isOver = false;
  // What goes on nevertheless has nothing more to say: the next attempt may be at work.
  const tell: Telling["tell"] = (kind, value) => {
    if (!isOver) telling.tell(kind, value);
  };
  const run = runOf(task, { tell, flushed: () => telling.flushed() }, either);
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

const runOf = ({ id, name, attempt }: Task, telling: Telling, signal: AbortSignal): TaskRun => ({
  id,
  name,
  attempt,
  signal,
  progress(update: Progress | string, share?: number) {
    telling.tell("progress_update", asJson(progressOf(update, share)));
  },
  write(text) {
    if (text !== "") telling.tell("text", text);
  },
  flushed: () => telling.flushed(),
});
