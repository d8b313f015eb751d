import { fileURLToPath } from "node:url";
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { ensure, family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { ATTEMPTS, type Work } from "../lib/task-hooks/work.ts";
import { type TaskEvents, TaskListener } from "../lib/task-listener.ts";

const HOOKS = fileURLToPath(new URL("../lib/task-hooks", import.meta.url));
const LISTENERS_EACH = 3;
const ENDS = 3;

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
 * Each attempt's steps in their order from the first on, without a gap: what was told later is there only with all before
 * it. An attempt that the orderly end of a server broke off does not count, so its number comes again.
 */
function ensureWhole({ id, steps }: Started, heard: TaskEvents, stops: number): void {
  let [attempt, step, again] = [0, 0, 0];
  const next = (toldAttempt: number, toldStep: number): void => {
    if (toldAttempt > attempt) [attempt, step] = [toldAttempt, 0];
    else if (toldStep === 1) {
      step = 0;
      again += 1;
      ensure(again <= stops, `${id} was begun again ${again} times, and the server stopped ${stops} times`);
    }
    ensure(
      toldAttempt === attempt && toldStep === step + 1,
      `${id}: ${toldAttempt}.${toldStep} after ${attempt}.${step}`,
    );
    ensure(toldStep <= steps, `${id} told a step that it has not`);
    step = toldStep;
  };
  for (const item of heard) {
    if (typeof item === "string") {
      for (const piece of item.split(";").slice(0, -1)) {
        const [toldAttempt, toldStep] = piece.split(".").map(Number);
        next(toldAttempt!, toldStep!);
      }
    } else if (item["type"] === "progress_update") next(Number(item["attempt"]), Number(item["step"]));
  }
}

function ensureSame({ task, heard }: TaskListener, told: TaskEvents): void {
  const at = told.findIndex((item, i) => !Bun.deepEquals(item, heard[i]));
  const where = at < 0 ? told.length : at;
  ensure(
    at < 0 && heard.length === told.length,
    `a listener of ${task} heard ${JSON.stringify(heard[where])}, where ${JSON.stringify(told[where])} was told`,
  );
}

/** It ended once, at the end, and as its policy says. */
function ensureEnded({ id, name, fails }: Started, heard: TaskEvents, ends: number): void {
  const finals = heard.flatMap((item, i) =>
    typeof item !== "string" && (item["type"] === "task_completed" || item["type"] === "task_failed") ? [i] : [],
  );
  ensure(finals.length === 1 && finals[0] === heard.length - 1, `${id} ended ${finals.length} times`);
  const retries = heard.filter((item) => typeof item !== "string" && item["type"] === "task_retrying");
  const interrupted = retries.filter((item) => typeof item !== "string" && item["code"] === "interrupted").length;
  const end = heard.at(-1) as Readonly<Record<string, unknown>>;
  const attempts = retries.length + 1;
  ensure(attempts <= ATTEMPTS[name]!, `${id} was begun ${attempts} times`);
  ensure(interrupted <= ends, `${id} was interrupted more often than the server ended`);
  if (end["type"] === "task_completed") {
    ensure(!fails, `${id} has come to an end that it can't come to`);
    ensure(end["attempt"] === attempts, `${id} was completed by another attempt than its last`);
  } else {
    ensure(attempts === ATTEMPTS[name], `${id} failed with attempts left`);
    ensure(fails || end["code"] === "interrupted", `${id} failed for no reason`);
  }
}

export const tasks = family("tasks", [
  [
    "kill",
    "However often the server is killed or stopped, each task ends once and by its policy, and each listener heard each event once, in order.",
    async (run) => {
      await run.start({ args: ["--hooks", HOOKS] });
      const started: Started[] = [];
      await inParallel(run.isShort ? 30 : 100, 8, async () => void started.push(await startTask(run)));
      const listeners = started.flatMap(({ id }) => Array.from({ length: LISTENERS_EACH }, () => new TaskListener(id)));
      // One of three comes late.
      await inParallel(listeners.length, 16, async (i) => (i % 3 < 2 ? listeners[i]!.sit(run.url) : undefined));
      let stops = 0;
      for (let ends = 0; ends < ENDS; ends += 1) {
        await Bun.sleep(run.random.int(0, 500));
        const isOrderly = run.random.chance(25);
        if (isOrderly) stops += 1;
        await (isOrderly ? run.stop() : run.kill());
        await Promise.all(listeners.map((listener) => listener.ended()));
        await run.start();
        await inParallel(listeners.length, 16, async (i) => listeners[i]!.sit(run.url));
      }
      await Promise.all(listeners.map((listener) => listener.ended()));

      const truths = new Map<string, TaskEvents>();
      for (const task of started) {
        const reader = new TaskListener(task.id);
        await reader.sit(run.url);
        await reader.ended();
        ensureWhole(task, reader.heard, stops);
        ensureEnded(task, reader.heard, ENDS);
        truths.set(task.id, reader.heard);
      }
      for (const listener of listeners) {
        ensure(listener.isDone, `a listener of ${listener.task} was not told of its end`);
        ensure(listener.resyncs === 0, `a listener of ${listener.task} lost events`);
        ensure(new Set(listener.ids).size === listener.ids.length, `a listener of ${listener.task} got an event twice`);
        ensureSame(listener, truths.get(listener.task)!);
        run.compared(listener.ids.length);
      }
    },
    ["some seeds", "short"],
  ],
  [
    "cut",
    "Listeners who leave and come back at any moment hear each event once, in order.",
    async (run) => {
      await run.start({ args: ["--hooks", HOOKS] });
      const started = await Promise.all(Array.from({ length: 20 }, () => startTask(run)));
      const readers = started.map(({ id }) => new TaskListener(id));
      const restless = started.flatMap(({ id }) => [new TaskListener(id), new TaskListener(id)]);
      await Promise.all(readers.map((reader) => reader.sit(run.url)));
      const draws = restless.map(() => run.random.fork());
      await Promise.all(
        restless.map(async (listener, i) => {
          while (!listener.isDone) {
            await listener.sit(run.url);
            await Promise.race([Bun.sleep(draws[i]!.int(0, 60)), listener.ended()]);
            listener.close();
            await listener.ended();
          }
        }),
      );
      await Promise.all(readers.map((reader) => reader.ended()));
      for (const [i, listener] of restless.entries()) {
        const reader = readers[i >> 1]!;
        ensureWhole(started[i >> 1]!, reader.heard, 0);
        ensureSame(listener, reader.heard);
        run.compared(listener.ids.length);
      }
    },
    ["some seeds", "short"],
  ],
]);
