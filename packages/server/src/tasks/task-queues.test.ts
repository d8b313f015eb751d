import { expect, setSystemTime, test } from "bun:test";
import { TaskQueues } from "./task-queues.ts";

function openQueues(): { readonly queues: TaskQueues; readonly ready: string[] } {
  const ready: string[] = [];
  return { queues: new TaskQueues((name) => void ready.push(name)), ready };
}

test("tasks of one name run in order, no more at a time than there are slots", () => {
  const { queues } = openQueues();
  for (const id of ["1", "2", "3"]) queues.add("a", id, 0, 0);
  queues.add("b", "4", 0, 0);
  expect([queues.take("a", 2), queues.take("a", 2), queues.take("a", 2)]).toEqual(["1", "2", undefined]);
  expect(queues.take("b", 1)).toBe("4");
  queues.release("a");
  expect(queues.take("a", 2)).toBe("3");
});

test("a due task and a free slot are announced", () => {
  const { queues, ready } = openQueues();
  queues.add("a", "1", 0, 0);
  expect(ready).toEqual(["a"]);
  queues.take("a", 1);
  queues.release("a");
  expect(ready).toEqual(["a", "a"]);
});

test("a task that already waits is not queued twice, but can be queued again after it was taken", () => {
  const { queues } = openQueues();
  queues.add("a", "1", 0, 0);
  queues.add("a", "1", 0, 0);
  expect([queues.take("a", 9), queues.take("a", 9)]).toEqual(["1", undefined]);
  queues.add("a", "1", 0, 0);
  expect(queues.take("a", 9)).toBe("1");
});

test("a delayed task is announced when it is due", async () => {
  const ready = Promise.withResolvers<string>();
  const queues = new TaskQueues(ready.resolve);
  const start = Date.now();
  queues.add("a", "1", start + 20, start);
  expect(queues.take("a", 1)).toBeUndefined();
  expect(await ready.promise).toBe("a");
  expect(Date.now() - start).toBeGreaterThanOrEqual(19);
  expect(queues.take("a", 1)).toBe("1");
});

test("after a stop no delayed task becomes due", async () => {
  const { queues, ready } = openQueues();
  const now = Date.now();
  queues.add("a", "1", now + 5, now);
  queues.stop();
  await Bun.sleep(20);
  expect(ready).toEqual([]);
});

test("a delayed task waits as long as it should, even if the clock is set back meanwhile", async () => {
  const ready = Promise.withResolvers<void>();
  const queues = new TaskQueues(() => ready.resolve());
  const now = Date.now();
  queues.add("later", "a", now + 20, now);
  setSystemTime(new Date(now - 3_600_000));
  try {
    await ready.promise;
    expect(queues.take("later", 1)).toBe("a");
  } finally {
    setSystemTime();
  }
});
