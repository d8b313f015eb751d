/** The thread of one attempt: loads the module and runs its handler. */
import { asJson } from "../lib/json-value.ts";
import { type Progress, progressOf, type TaskHandler, type TaskRun } from "./definition.ts";
import type { WorkerMessage, WorkerOrder, WorkerStart } from "./run-in-worker.ts";

declare const self: Worker;

const abort = new AbortController();
const flushes = new Map<number, () => void>();
let tickets = 0;

const say = (message: WorkerMessage): void => self.postMessage(message);

self.addEventListener("message", ({ data }: MessageEvent<WorkerStart | WorkerOrder>) => {
  if ("module" in data) void run(data);
  else if (data.kind === "abort") abort.abort();
  else flushes.get(data.ticket)?.();
});

async function run({ module, input, task }: WorkerStart): Promise<void> {
  try {
    const { default: handler } = (await import(module)) as { readonly default?: TaskHandler<unknown> };
    if (typeof handler !== "function") throw new Error(`${module} exports no function as its default`);
    say({ kind: "done", output: await handler(input, runOf(task)) });
  } catch (error) {
    say({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
}

const runOf = (task: WorkerStart["task"]): TaskRun => ({
  ...task,
  signal: abort.signal,
  progress(update: Progress | string, share?: number) {
    say({ kind: "progress", update: asJson(progressOf(update, share)) as Progress });
  },
  write: (text) => say({ kind: "write", text }),
  flushed() {
    const ticket = (tickets += 1);
    say({ kind: "flush", ticket });
    return new Promise((resolve) => flushes.set(ticket, resolve));
  },
});
