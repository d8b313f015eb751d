import type { JsonValue } from "@headwater/protocol";
import type { Progress, TaskRun } from "./definition.ts";

/** What the thread is given. */
export interface WorkerStart {
  readonly module: string;
  readonly input: JsonValue;
  readonly task: Pick<TaskRun, "id" | "name" | "attempt">;
}

/** What the thread says. */
export type WorkerMessage =
  | { readonly kind: "progress"; readonly update: Progress }
  | { readonly kind: "write"; readonly text: string }
  | { readonly kind: "flush"; readonly ticket: number }
  | { readonly kind: "done"; readonly output: unknown }
  | { readonly kind: "failed"; readonly message: string };

/** What it is told besides. */
export type WorkerOrder = { readonly kind: "abort" } | { readonly kind: "flushed"; readonly ticket: number };

/** A thread that does not look at its signal is ended after so long, in milliseconds. */
const GRACE_MS = 1_000;

/**
 * Does the work in a thread of its own, whose computing holds up no stream. When it is aborted and does not end by
 * itself, the thread is ended.
 */
export function runInWorker(module: URL, input: JsonValue, run: TaskRun): Promise<unknown> {
  const { id, name, attempt, signal } = run;
  const worker = new Worker(new URL("./worker-main.ts", import.meta.url));
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  let grace: Timer | undefined;
  let isOver = false;
  const order = (message: WorkerOrder): void => {
    if (!isOver) worker.postMessage(message);
  };
  const abort = (): void => {
    order({ kind: "abort" });
    grace = setTimeout(() => reject(new Error("The thread was ended.")), GRACE_MS);
  };
  const take = (data: WorkerMessage): void => {
    if (data.kind === "progress") run.progress(data.update);
    else if (data.kind === "write") run.write(data.text);
    else if (data.kind === "flush") void run.flushed().then(() => order({ kind: "flushed", ticket: data.ticket }));
    else if (data.kind === "done") resolve(data.output);
    else reject(new Error(data.message));
  };
  worker.addEventListener("message", ({ data }: MessageEvent<WorkerMessage>) => {
    // The module can say anything, and an error that is thrown here would end the server.
    try {
      take(data);
    } catch (error) {
      reject(error);
    }
  });
  worker.addEventListener("error", ({ message }) => reject(new Error(message)));
  worker.addEventListener("close", () => reject(new Error("The thread ended before its work.")));
  worker.postMessage({ module: module.href, input, task: { id, name, attempt } } satisfies WorkerStart);
  signal.addEventListener("abort", abort, { once: true });
  return promise.finally(() => {
    isOver = true;
    clearTimeout(grace);
    signal.removeEventListener("abort", abort);
    worker.terminate();
  });
}
