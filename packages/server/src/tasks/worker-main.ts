/** The entry point of a worker thread: loads a module and runs its default export as the handler of one attempt. */
import { toJsonValue } from "../lib/json/to-json-value.ts";
import { type Progress, toProgress, type TaskHandler, type TaskRun } from "./definition.ts";
import type { WorkerMessage, WorkerCommand, WorkerStart } from "./run-in-worker.ts";

declare const self: Worker;

const abort = new AbortController();
const flushes = new Map<number, () => void>();
let tickets = 0;

const send = (message: WorkerMessage): void => self.postMessage(message);

self.addEventListener("message", ({ data }: MessageEvent<WorkerStart | WorkerCommand>) => {
  if ("module" in data) void run(data);
  else if (data.kind === "abort") abort.abort();
  else flushes.get(data.ticket)?.();
});

async function run({ module, input, task }: WorkerStart): Promise<void> {
  try {
    const { default: handler } = (await import(module)) as { readonly default?: TaskHandler<unknown> };
    if (typeof handler !== "function") throw new Error(`The default export of ${module} must be a function.`);
    send({ kind: "done", output: await handler(input, runOf(task)) });
  } catch (error) {
    send({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
}

const runOf = (task: WorkerStart["task"]): TaskRun => ({
  ...task,
  signal: abort.signal,
  progress(update: Progress | string, share?: number) {
    send({ kind: "progress", update: toJsonValue(toProgress(update, share)) as Progress });
  },
  write: (text) => send({ kind: "write", text }),
  flushed() {
    const ticket = (tickets += 1);
    send({ kind: "flush", ticket });
    return new Promise((resolve) => flushes.set(ticket, resolve));
  },
});
