import { expect, test } from "bun:test";
import { array, assert, constantFrom, integer, property, string } from "fast-check";
import { TaskHistory } from "./task-history.ts";
import type { EventKind } from "./task-event.ts";

interface SentEvent {
  readonly kind: EventKind;
  readonly text: string;
}

const eventLists = array(
  string({ minLength: 1 }).chain((text) =>
    constantFrom<EventKind>("text", "text", "text", "progress_update", "task_retrying").map((kind) => ({ kind, text })),
  ),
  { maxLength: 40 },
);

const commit = (at: number) => ({ seq: at * 2, time: at });

function historyOf(events: readonly SentEvent[]): TaskHistory {
  const history = new TaskHistory();
  for (const [i, { kind, text }] of events.entries())
    history.add(i + 1, kind, kind === "text" ? text : { text }, commit(i));
  return history;
}

/** All events after a number, read in chunks of a size, with consecutive texts merged. */
function readAll(history: TaskHistory, from: number, limit: number): string[] {
  const all: string[] = [];
  for (let position = from; ;) {
    const events = history.after(position, limit);
    if (events.length === 0) return all;
    for (const { number, data } of events) {
      const { delta, text } = JSON.parse(data) as { readonly delta?: string; readonly text?: string };
      const last = all.at(-1);
      if (delta !== undefined && last?.startsWith("+")) all[all.length - 1] = last + delta;
      else all.push(delta === undefined ? `!${text}` : `+${delta}`);
      expect(number).toBeGreaterThan(position);
      position = number;
    }
  }
}

const expected = (events: readonly SentEvent[]): string[] => readAll(historyOf(events), 0, 1 << 20);

test("a listener reads exactly the rest, from any position, in chunks of any size, and from the stored form", () => {
  assert(
    property(eventLists, integer({ min: 0, max: 41 }), integer({ min: 1, max: 50 }), (events, position, limit) => {
      const from = Math.min(position, events.length);
      const history = historyOf(events);
      const rest = expected(events.slice(from));
      expect(readAll(history, from, limit)).toEqual(rest);
      expect(readAll(TaskHistory.decode(history.encode()), from, limit)).toEqual(rest);
    }),
  );
});

test("the stored form keeps each event's seq, and reads what earlier versions stored without", () => {
  const stored = '[2,["task_retrying",3,30,{"attempt": 2},null,7],["text",4,50,"ab",[1,1],9]]';
  expect(TaskHistory.decode(stored).encode()).toBe(stored);
  expect(
    TaskHistory.decode(stored)
      .after(2, 100)
      .map(({ number, seq, time }) => [number, seq, time]),
  ).toEqual([
    [3, 7, 30],
    [5, 9, 50],
  ]);
  const earlier = TaskHistory.decode('[0,["task_retrying",1,30,{"attempt": 2}],["text",2,50,"ab",[1,1]]]');
  expect(earlier.after(0, 100).map(({ number, seq, time }) => [number, seq, time])).toEqual([
    [1, 0, 30],
    [3, 0, 50],
  ]);
});

test("a text in a thousand pieces is one event for a late listener", () => {
  const history = new TaskHistory();
  for (let i = 1; i <= 1_000; i += 1) history.add(i, "text", "x", commit(i));
  expect(history.after(0, 1 << 20)).toEqual([
    {
      number: 1_000,
      type: "progress_update",
      ...commit(1_000),
      data: JSON.stringify({ delta: "x".repeat(1_000) }).replace(":", ": "),
    },
  ]);
  expect(history.encode().length).toBeLessThan(3_100);
  for (const stored of [history, TaskHistory.decode(history.encode())]) {
    for (const position of [1, 254, 255, 256, 257, 511, 512, 998, 999]) {
      expect(readAll(stored, position, 1 << 20)).toEqual([`+${"x".repeat(1_000 - position)}`]);
    }
  }
});

test("a history that grows too large drops its oldest events, or the first half of one long text", () => {
  const long = "x".repeat(10_000);
  const pieces = new TaskHistory();
  const events = new TaskHistory();
  for (let i = 1; i <= 1_000; i += 1) {
    pieces.add(i, "text", long, commit(i));
    events.add(i, "progress_update", { text: long }, commit(i));
  }
  for (const history of [pieces, events]) {
    expect(history.size).toBeLessThanOrEqual(512 << 10);
    expect(history.size).toBeGreaterThan(1 << 17);
    expect(history.forgotten).toBeGreaterThan(500);
    expect(history.after(history.forgotten, 1)[0]!.number).toBe(history.forgotten + 1);
    expect(TaskHistory.decode(history.encode()).encode()).toBe(history.encode());
    expect(readAll(history, history.forgotten, 1 << 16).join("").length).toBeGreaterThan(1 << 17);
  }
});
