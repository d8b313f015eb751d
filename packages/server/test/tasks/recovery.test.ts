import { expect, setDefaultTimeout, test } from "bun:test";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { DrivenTask, payloadsOf, TASK_HOOKS, typesOf } from "./driven-task.ts";

setDefaultTimeout(60_000);

test("after a kill and restart, running tasks are retried or failed, and listeners resume where they were", async () => {
  await using first = await startServer({ args: ["--hooks", TASK_HOOKS] });
  const [once, patient] = [await DrivenTask.start(first.url), await DrivenTask.start(first.url, "patient")];
  const [running, waiting] = [await DrivenTask.start(first.url, "single"), await DrivenTask.queue(first.url, "single")];
  const clients = await Promise.all([once, patient].map((task) => task.openStream()));
  for (const task of [once, patient]) await task.drive("progress", { step: 1 });
  for (const client of clients) await client.until("task_event");
  await first.stop("SIGKILL");
  await Promise.all(clients.map(({ ended }) => ended));

  await using second = await startServer({ dir: first.dir, args: ["--hooks", TASK_HOOKS] });
  const back = await Promise.all(
    [once, patient].map((task, i) => task.at(second.url).openStream({ "Last-Event-ID": clients[i]!.lastEventId! })),
  );
  await patient.at(second.url).untilRunning(2);
  await patient.at(second.url).drive("complete", "at last");
  await Promise.all(back.map(({ ended }) => ended));
  expect(back.map(typesOf)).toEqual([["task_failed"], ["task_retrying", "task_completed"]]);
  expect(payloadsOf(back[0]!)).toMatchObject([{ code: "interrupted" }]);
  // A queued task starts now.
  await waiting.at(second.url).untilRunning(1);
  expect((await running.at(second.url).state()).state).toBe("failed");
});

test("a server that stops tells listeners which tasks it interrupted, and no task loses an attempt", async () => {
  await using first = await startServer({ args: ["--hooks", TASK_HOOKS] });
  const [once, patient] = [await DrivenTask.start(first.url), await DrivenTask.start(first.url, "patient")];
  const clients = await Promise.all([once, patient].map((task) => task.openStream()));
  await patient.drive("progress", { step: 1 });
  await clients[1]!.until("task_event");
  await first.stop();
  await Promise.all(clients.map(({ ended }) => ended));
  expect(clients.map(({ events }) => events.at(-1)!.data["reason"])).toEqual(["task_failed", "server_shutdown"]);
  await using second = await startServer({ dir: first.dir, args: ["--hooks", TASK_HOOKS] });
  await patient.at(second.url).untilRunning(1);
  using late = await patient.at(second.url).openStream();
  using back = await patient.at(second.url).openStream({ "Last-Event-ID": clients[1]!.lastEventId! });
  await patient.at(second.url).drive("progress", { step: 2 });
  await patient.at(second.url).drive("complete", { step: 3 });
  await Promise.all([late.ended, back.ended]);
  const types = ["progress_update", "task_retrying", "progress_update", "task_completed"];
  expect(typesOf(late)).toEqual(types);
  expect(payloadsOf(late)[1]).toMatchObject({ code: "interrupted", attempt: 1, attempts: 3 });
  // Each listener hears of the retry once: before the stop or after it.
  expect([...typesOf(clients[1]!), ...typesOf(back)]).toEqual(types);
  expect(await once.at(second.url).state()).toMatchObject({ state: "failed", error: { code: "interrupted" } });
});
