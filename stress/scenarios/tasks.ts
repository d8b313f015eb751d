import { fileURLToPath } from "node:url";
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { ATTEMPTS, type Work } from "../lib/task-hooks/work.ts";
import { type TaskEvents, TaskListener } from "../lib/task-listener.ts";

const HOOKS = fileURLToPath(new URL("../lib/task-hooks", import.meta.url));
const LISTENERS_EACH = 3;
const SERVER_STOPS = 3;

interface Started extends Work {
  readonly id: string;
  readonly name: string;
}

async function startTask(run: ScenarioRun): Promise<Started> {
  const name = run.random.pick(Object.keys(ATTEMPTS));
  const work = { steps: run.random.int(3, 120), pace: run.random.int(1, 8), fails: run.random.chance(20) };
  const { body } = await request<{ id: string }>(run.url, "POST", "/api/tasks", { body: { name, input: work } });
  return { ...work, name, id: body.id };
}

/**
 * Each attempt must report its steps in order from the first, without a gap. An attempt interrupted by a graceful shutdown
 * does not count, so its number comes again.
 */
function ensureComplete({ id, steps }: Started, events: TaskEvents, stops: number): void {
  let [attempt, step, restarts] = [0, 0, 0];
  const next = (eventAttempt: number, eventStep: number): void => {
    if (eventAttempt > attempt) [attempt, step] = [eventAttempt, 0];
    else if (eventStep === 1) {
      step = 0;
      restarts += 1;
      ensure(restarts <= stops, `${id} restarted ${restarts} times, but the server stopped only ${stops} times`);
    }
    ensure(
      eventAttempt === attempt && eventStep === step + 1,
      `${id}: ${eventAttempt}.${eventStep} after ${attempt}.${step}`,
    );
    ensure(eventStep <= steps, `${id} reported a step that does not exist`);
    step = eventStep;
  };
  for (const item of events) {
    if (typeof item === "string") {
      for (const piece of item.split(";").slice(0, -1)) {
        const [eventAttempt, eventStep] = piece.split(".").map(Number);
        next(eventAttempt!, eventStep!);
      }
    } else if (item["type"] === "progress_update") next(Number(item["attempt"]), Number(item["step"]));
  }
}

function ensureSame({ task, received }: TaskListener, expected: TaskEvents): void {
  const at = expected.findIndex((item, i) => !Bun.deepEquals(item, received[i]));
  const where = at < 0 ? expected.length : at;
  ensure(
    at < 0 && received.length === expected.length,
    `a listener of ${task} got ${JSON.stringify(received[where])} instead of ${JSON.stringify(expected[where])}`,
  );
}

/** The task must end exactly once, with its last event, and as its retry policy says. */
function ensureEnded({ id, name, fails }: Started, events: TaskEvents, ends: number): void {
  const finals = events.flatMap((item, i) =>
    typeof item !== "string" && (item["type"] === "task_completed" || item["type"] === "task_failed") ? [i] : [],
  );
  ensure(finals.length === 1 && finals[0] === events.length - 1, `${id} ended ${finals.length} times`);
  const retries = events
    .filter((item) => typeof item !== "string" && item["type"] === "task_retrying")
    .map((item) => item as unknown as { readonly code: string; readonly attempt: number });
  const interrupted = retries.filter(({ code }) => code === "interrupted").length;
  const end = events.at(-1) as Readonly<Record<string, unknown>>;
  ensure(interrupted <= ends, `${id} was interrupted more often than the server went down`);
  // An attempt that a stop interrupts doesn't count: the next one has its number.
  const canFollow = (next: number, i: number): boolean => {
    const { attempt, code } = retries[i - 1] ?? { attempt: 0, code: "" };
    return next === attempt + 1 || (next === attempt && code === "interrupted");
  };
  ensure(
    retries.every(({ attempt }, i) => canFollow(attempt, i)),
    `${id} counts its attempts as ${retries.map(({ attempt }) => attempt).join()}`,
  );
  const last = (end["attempt"] as number | undefined) ?? ATTEMPTS[name]!;
  ensure(last <= ATTEMPTS[name]!, `${id} had ${last} attempts`);
  if (end["type"] === "task_completed") {
    ensure(!fails, `${id} completed although it always fails`);
    ensure(canFollow(last, retries.length), `${id} reports an attempt other than its last`);
  } else {
    ensure(canFollow(last, retries.length), `${id} failed with attempts left`);
    ensure(fails || end["code"] === "interrupted", `${id} failed without a reason`);
  }
}

export const tasks = family("tasks", [
  [
    "kill",
    "However often the server is killed or stopped, each task ends once as its retry policy says, and each listener gets each event once, in order.",
    async (run) => {
      await run.start({ args: ["--hooks", HOOKS] });
      const started: Started[] = [];
      await inParallel(run.isShort ? 30 : 100, 8, async () => void started.push(await startTask(run)));
      const listeners = started.flatMap(({ id }) => Array.from({ length: LISTENERS_EACH }, () => new TaskListener(id)));
      // One listener in three connects later.
      await inParallel(listeners.length, 16, async (i) => (i % 3 < 2 ? listeners[i]!.connect(run.url) : undefined));
      let stops = 0;
      for (let ends = 0; ends < SERVER_STOPS; ends += 1) {
        await Bun.sleep(run.random.int(0, 500));
        const isGraceful = run.random.chance(25);
        if (isGraceful) stops += 1;
        await (isGraceful ? run.stop() : run.kill());
        await Promise.all(listeners.map((listener) => listener.ended()));
        await run.start();
        await inParallel(listeners.length, 16, async (i) => listeners[i]!.connect(run.url));
      }
      await Promise.all(listeners.map((listener) => listener.ended()));

      const eventsByTask = new Map<string, TaskEvents>();
      for (const task of started) {
        const reader = new TaskListener(task.id);
        await reader.connect(run.url);
        await reader.ended();
        ensureComplete(task, reader.received, stops);
        ensureEnded(task, reader.received, SERVER_STOPS);
        eventsByTask.set(task.id, reader.received);
      }
      for (const listener of listeners) {
        ensure(listener.isDone, `a listener of ${listener.task} did not get its end`);
        ensure(listener.resyncs === 0, `a listener of ${listener.task} lost events`);
        ensure(new Set(listener.ids).size === listener.ids.length, `a listener of ${listener.task} got an event twice`);
        ensureSame(listener, eventsByTask.get(listener.task)!);
        run.compared(listener.ids.length);
      }
    },
    ["some seeds", "short"],
  ],
  [
    "reconnect",
    "Listeners that disconnect and reconnect at any time get each event once, in order.",
    async (run) => {
      await run.start({ args: ["--hooks", HOOKS] });
      const started = await Promise.all(Array.from({ length: 20 }, () => startTask(run)));
      const readers = started.map(({ id }) => new TaskListener(id));
      const reconnecting = started.flatMap(({ id }) => [new TaskListener(id), new TaskListener(id)]);
      await Promise.all(readers.map((reader) => reader.connect(run.url)));
      const randoms = reconnecting.map(() => run.random.fork());
      await Promise.all(
        reconnecting.map(async (listener, i) => {
          while (!listener.isDone) {
            await listener.connect(run.url);
            await Promise.race([Bun.sleep(randoms[i]!.int(0, 60)), listener.ended()]);
            listener.close();
            await listener.ended();
          }
        }),
      );
      await Promise.all(readers.map((reader) => reader.ended()));
      for (const [i, listener] of reconnecting.entries()) {
        const reader = readers[i >> 1]!;
        ensureComplete(started[i >> 1]!, reader.received, 0);
        ensureSame(listener, reader.received);
        run.compared(listener.ids.length);
      }
    },
    ["some seeds", "short"],
  ],
]);
