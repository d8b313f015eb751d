import { describe, expect, test } from "bun:test";
import { assert, array, integer, property, record as recordOf, constantFrom } from "fast-check";
import { check, type Expected, FAULTS, type Received } from "./checker.ts";

/** A log of so many changes that this client must see, on one or two topics each. */
const wishes: Expected[] = Array.from({ length: 40 }, (_, i) => i + 1).flatMap((seq) =>
  (seq % 4 === 0 ? ["notes/*", `notes/r${seq}`] : ["notes/*"]).map((topic) => ({
    seq,
    topic,
    action: "create",
    values: { id: `r${seq}`, title: `t${seq}` },
    duty: "must" as const,
  })),
);

const received: Received[] = wishes.map(({ seq, topic, action, values }) => ({
  seq,
  topic,
  action,
  values: { ...values, collectionName: "notes" },
}));

/** Ways to spoil what a client got, and what the checker must call it. */
const TAMPERINGS = {
  lost: (events: Received[], at: number) => events.toSpliced(at, 1),
  doubled: (events: Received[], at: number) => events.toSpliced(at + 1, 0, events[at]!),
  reordered: (events: Received[], at: number) => {
    const next = events.findIndex(({ seq }) => seq > events[at]!.seq);
    return next < 0 ? events : events.with(at, events[next]!).with(next, events[at]!);
  },
  unauthorised: (events: Received[], at: number) => events.toSpliced(at, 0, { ...events[at]!, topic: "diaries/*" }),
  untrue: (events: Received[], at: number) => events.with(at, { ...events[at]!, values: { title: "forged" } }),
} as const;

const places = integer({ min: 0, max: received.length - 3 });

describe("the checker", () => {
  test("finds nothing where everything is right", () => {
    const verdict = check(wishes, received);
    expect(verdict.checked).toBe(received.length);
    expect(FAULTS.map((fault) => verdict[fault])).toEqual([0, 0, 0, 0, 0]);
  });

  for (const fault of FAULTS) {
    test(`finds one event that is ${fault}, wherever it is`, () => {
      assert(
        property(places, (at) => {
          const verdict = check(wishes, TAMPERINGS[fault](received, at));
          expect(verdict[fault]).toBeGreaterThanOrEqual(1);
          expect(verdict.first.some((line) => line.startsWith(fault))).toBe(true);
        }),
      );
    });
  }

  test("finds each of several faults", () => {
    const tampering = recordOf({ fault: constantFrom(...FAULTS), at: places });
    assert(
      property(array(tampering, { minLength: 1, maxLength: 4 }), (tamperings) => {
        const spoilt = tamperings.reduce((events, { fault, at }) => TAMPERINGS[fault](events, at), received);
        const verdict = check(wishes, spoilt);
        // Two faults may undo each other, and then nothing is wrong.
        const isSpoilt = !Bun.deepEquals(spoilt, received);
        expect(FAULTS.some((fault) => verdict[fault] > 0)).toBe(isSpoilt);
      }),
    );
  });

  test("counts a change that was deleted from the middle as lost, and nothing else as wrong", () => {
    const { lost, doubled, reordered, unauthorised, untrue } = check(wishes, TAMPERINGS.lost(received, 7));
    expect({ lost, doubled, reordered, unauthorised, untrue }).toEqual({
      lost: 1,
      doubled: 0,
      reordered: 0,
      unauthorised: 0,
      untrue: 0,
    });
  });

  test("lets both answers stand where the rules changed meanwhile", () => {
    const unsure = wishes.map((wish) => (wish.seq === 9 ? { ...wish, duty: "may" as const } : wish));
    for (const seen of [received, received.filter(({ seq }) => seq !== 9)]) {
      expect(check(unsure, seen)).toMatchObject({ lost: 0, unauthorised: 0 });
    }
  });

  test("counts an event of no change at all as unauthorised", () => {
    const invented: Received = { seq: 999, topic: "notes/*", action: "create", values: {} };
    expect(check(wishes, [...received, invented])).toMatchObject({ unauthorised: 1, lost: 0 });
  });
});
