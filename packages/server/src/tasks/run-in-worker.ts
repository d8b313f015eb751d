import type { JsonValue } from "@headwater/protocol";
import { startThread } from "../lib/start-thread.ts";
import type { Progress, TaskRun } from "./definition.ts";

/** The first message to the worker. */
export interface WorkerStart {
  readonly module: string;
  readonly input: JsonValue;
  readonly task: Pick<TaskRun, "id" | "name" | "attempt">;
}

/** A message from the worker. */
export type WorkerMessage =
  | { readonly kind: "progress"; readonly update: Progress }
  | { readonly kind: "write"; readonly text: string }
  | { readonly kind: "flush"; readonly ticket: number }
  | { readonly kind: "done"; readonly output: unknown }
  | { readonly kind: "failed"; readonly message: string };

/** A later message to the worker. */
export type WorkerCommand = { readonly kind: "abort" } | { readonly kind: "flushed"; readonly ticket: number };

/** How long after an abort the worker is terminated if it is still running, in milliseconds. */
const GRACE_MS = 1_000;

/**
 * Runs the handler in a separate thread, so that heavy computation doesn't block the server. After an abort, a worker
 * that doesn't end by itself is terminated.
 */
export function runInWorker(module: URL, input: JsonValue, run: TaskRun): Promise<unknown> {
  const { id, name, attempt, signal } = run;
  const worker = startThread(new URL("./worker-main.ts", import.meta.url));
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  let grace: Timer | undefined;
  let isOver = false;
  const send = (message: WorkerCommand): void => {
    if (!isOver) worker.postMessage(message);
  };
  const abort = (): void => {
    send({ kind: "abort" });
    grace = setTimeout(() => reject(new Error("The thread was terminated.")), GRACE_MS);
  };
  const receive = (data: WorkerMessage): void => {
    if (data.kind === "progress") run.progress(data.update);
    else if (data.kind === "write") run.write(data.text);
    else if (data.kind === "flush") void run.flushed().then(() => send({ kind: "flushed", ticket: data.ticket }));
    else if (data.kind === "done") resolve(data.output);
    else reject(new Error(data.message));
  };
  worker.addEventListener("message", ({ data }: MessageEvent<WorkerMessage>) => {
    // The module can post any message, and an error thrown here would end the server.
    try {
      receive(data);
    } catch (error) {
      reject(error);
    }
  });
  worker.addEventListener("error", ({ message }) => reject(new Error(message)));
  worker.addEventListener("close", () => reject(new Error("The thread exited before its handler was done.")));
  worker.postMessage({ module: module.href, input, task: { id, name, attempt } } satisfies WorkerStart);
  signal.addEventListener("abort", abort, { once: true });
  return promise.finally(() => {
    isOver = true;
    clearTimeout(grace);
    signal.removeEventListener("abort", abort);
    worker.terminate();
  });
}
