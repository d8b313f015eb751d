import { describe, expect, test } from "bun:test";
import { assert, array, integer, property, record as recordOf, constantFrom } from "fast-check";
import { check, type Expected, FAULTS, type Received } from "./checker.ts";

/** Forty changes that this client must see, on one or two topics each. */
const expected: Expected[] = Array.from({ length: 40 }, (_, i) => i + 1).flatMap((seq) =>
  (seq % 4 === 0 ? ["notes/*", `notes/r${seq}`] : ["notes/*"]).map((topic) => ({
    seq,
    topic,
    action: "create",
    values: { id: `r${seq}`, title: `t${seq}` },
    duty: "must" as const,
  })),
);

const received: Received[] = expected.map(({ seq, topic, action, values }) => ({
  seq,
  topic,
  action,
  values: { ...values, collectionName: "notes" },
}));

/** For each fault, a way to introduce it into what a client received. */
const TAMPERINGS = {
  lost: (events: Received[], at: number) => events.toSpliced(at, 1),
  duplicated: (events: Received[], at: number) => events.toSpliced(at + 1, 0, events[at]!),
  reordered: (events: Received[], at: number) => {
    const next = events.findIndex(({ seq }) => seq > events[at]!.seq);
    return next < 0 ? events : events.with(at, events[next]!).with(next, events[at]!);
  },
  unauthorized: (events: Received[], at: number) => events.toSpliced(at, 0, { ...events[at]!, topic: "diaries/*" }),
  corrupted: (events: Received[], at: number) => events.with(at, { ...events[at]!, values: { title: "forged" } }),
} as const;

const indexes = integer({ min: 0, max: received.length - 3 });

describe("the checker", () => {
  test("finds no fault when everything is right", () => {
    const verdict = check(expected, received);
    expect(verdict.checked).toBe(received.length);
    expect(FAULTS.map((fault) => verdict[fault])).toEqual([0, 0, 0, 0, 0]);
  });

  for (const fault of FAULTS) {
    test(`finds one event that is ${fault}, wherever it occurs`, () => {
      assert(
        property(indexes, (at) => {
          const verdict = check(expected, TAMPERINGS[fault](received, at));
          expect(verdict[fault]).toBeGreaterThanOrEqual(1);
          expect(verdict.first.some((line) => line.startsWith(fault))).toBe(true);
        }),
      );
    });
  }

  test("finds each of several faults", () => {
    const tampering = recordOf({ fault: constantFrom(...FAULTS), at: indexes });
    assert(
      property(array(tampering, { minLength: 1, maxLength: 4 }), (tamperings) => {
        const tampered = tamperings.reduce((events, { fault, at }) => TAMPERINGS[fault](events, at), received);
        const verdict = check(expected, tampered);
        // Two faults can cancel out, and then nothing is wrong.
        const isTampered = !Bun.deepEquals(tampered, received);
        expect(FAULTS.some((fault) => verdict[fault] > 0)).toBe(isTampered);
      }),
    );
  });

  test("reports an event that is missing from the middle as lost, and reports nothing else", () => {
    const { lost, duplicated, reordered, unauthorized, corrupted } = check(expected, TAMPERINGS.lost(received, 7));
    expect({ lost, duplicated, reordered, unauthorized, corrupted }).toEqual({
      lost: 1,
      duplicated: 0,
      reordered: 0,
      unauthorized: 0,
      corrupted: 0,
    });
  });

  test("accepts either outcome if the rules changed between commit and arrival", () => {
    const undecided = expected.map((event) => (event.seq === 9 ? { ...event, duty: "may" as const } : event));
    for (const seen of [received, received.filter(({ seq }) => seq !== 9)]) {
      expect(check(undecided, seen)).toMatchObject({ lost: 0, unauthorized: 0 });
    }
  });

  test("reports an event without a change in the log as unauthorized", () => {
    const invented: Received = { seq: 999, topic: "notes/*", action: "create", values: {} };
    expect(check(expected, [...received, invented])).toMatchObject({ unauthorized: 1, lost: 0 });
  });
});
