import { describe, expect, test } from "bun:test";
import { cursorScope } from "@headwater/protocol";
import fc from "fast-check";
import { Cursors } from "./cursors.ts";

const key = new Uint8Array(16).fill(7);
const cursors = new Cursors({ key, marks: [{ mark: 5, seq: 0 }] });
const SEQ = fc.integer({ min: 0, max: 2 ** 48 - 1 });

describe("a cursor", () => {
  test("reads as the place that it was made for", () => {
    fc.assert(
      fc.property(SEQ, fc.nat(2 ** 24 - 1), fc.nat(2 ** 16 - 1), fc.nat(2 ** 40 - 1), (seq, upTo, sum, event) => {
        expect(cursors.read(cursors.format(seq))).toEqual({ seq });
        expect(cursors.read(cursors.format(seq, "named"))).toEqual({ seq });
        expect(cursors.read(cursors.formatPart(seq, { upTo, sum }))).toEqual({ seq, part: { upTo, sum } });
        expect(cursors.readClientId(cursors.clientId(seq))).toEqual({ seq });
        expect(cursors.readTaskEventId(cursors.taskEventId(event, seq))).toEqual({ event });
      }),
    );
  });

  test("shows its scope and nothing else: no two of one position are alike", () => {
    const all = Array.from({ length: 1_000 }, () => cursors.format(7));
    expect(new Set(all).size).toBe(1_000);
    expect(
      [cursors.format(7), cursors.format(7, "named"), cursors.formatPart(7, { upTo: 1, sum: 2 })].map(cursorScope),
    ).toEqual(["all", "named", "part"]);
    expect(cursors.clientId(7)).toMatch(/^[A-Za-z0-9]{40}$/);
  });

  test("an event has the same id on every connection and after a restart, but not that of its position", () => {
    const restarted = new Cursors({
      key,
      marks: [
        { mark: 5, seq: 0 },
        { mark: 6, seq: 9 },
      ],
    });
    expect(restarted.eventId(7)).toBe(cursors.eventId(7));
    expect(restarted.taskEventId(1, 7)).toBe(cursors.taskEventId(1, 7));
    expect(restarted.formatPart(7, { upTo: 1, sum: 2 })).toBe(cursors.formatPart(7, { upTo: 1, sum: 2 }));
    expect(cursors.read(cursors.eventId(7))).toEqual({ seq: 7 });
    expect(cursors.eventId(7)).not.toBe(cursors.format(7));
    expect(cursors.eventId(7)).not.toBe(cursors.eventId(8));
  });

  test("is good for one purpose: a place is no task's event, and a client id no place", () => {
    expect(cursors.readTaskEventId(cursors.format(7))).toEqual({ lost: "epoch" });
    expect(cursors.read(cursors.taskEventId(7, 7))).toEqual({ lost: "epoch" });
    expect(cursors.read(cursors.clientId(7))).toBeUndefined();
  });
});

describe("text that this log did not issue", () => {
  test("names no place, whatever it is made of", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string().map((text) => `a.${text}`),
          fc
            .uint8Array({ minLength: 16, maxLength: 16 })
            .map((bytes) => `a.${Buffer.from(bytes).toString("base64url")}`),
          fc.tuple(fc.stringMatching(/^[a-z0-9]{10}$/), fc.nat()).map(([epoch, seq]) => `${epoch}.${seq}`),
        ),
        (text) => {
          expect(cursors.read(text) ?? { lost: "epoch" }).toEqual({ lost: "epoch" });
          expect(cursors.readClientId(text)).toEqual({ lost: "unknown" });
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("is not a cursor without a dot", () => {
    for (const text of ["", "yesterday", "A".repeat(40), "x".repeat(100), `a.${"x".repeat(100)}`]) {
      expect(cursors.read(text)).toBeUndefined();
    }
  });

  test("is no cursor of another key", () => {
    const other = new Cursors({ key: new Uint8Array(16).fill(8), marks: [{ mark: 5, seq: 0 }] });
    expect(other.read(cursors.format(7))).toEqual({ lost: "epoch" });
  });

  test("with one bit changed, it is refused", () => {
    fc.assert(
      fc.property(SEQ, fc.nat(127), (seq, bit) => {
        const bytes = Buffer.from(cursors.format(seq).slice(2), "base64url");
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(cursors.read(`a.${bytes.toString("base64url")}`)).toEqual({ lost: "epoch" });
      }),
    );
  });
});

describe("after the database was replaced by a copy", () => {
  const before = new Cursors({
    key,
    marks: [
      { mark: 5, seq: 0 },
      { mark: 6, seq: 13 },
    ],
  });

  test("a cursor from before the copy is good, and one from after it is not", () => {
    const restored = new Cursors({
      key,
      marks: [
        { mark: 5, seq: 0 },
        { mark: 9, seq: 13 },
      ],
    });
    expect(restored.read(cursors.format(13))).toEqual({ seq: 13 });
    expect(restored.read(before.format(10))).toEqual({ lost: "epoch" });
    expect(restored.read(before.eventId(10))).toEqual({ seq: 10 });
    expect(restored.readTaskEventId(before.taskEventId(3, 13))).toEqual({ event: 3 });
    expect(restored.readTaskEventId(before.taskEventId(3, 14))).toEqual({ lost: "epoch" });
  });

  test("a copy that was made while the server ran ends that server's part where it was copied", () => {
    const restored = new Cursors({ key, marks: [...marksOf(6, 13), { mark: 9, seq: 20 }] });
    expect(restored.read(before.format(20))).toEqual({ seq: 20 });
    expect(restored.read(before.format(21))).toEqual({ lost: "epoch" });
    expect(restored.readClientId(before.clientId(21))).toEqual({ lost: "epoch" });
    expect(restored.readTaskEventId(before.taskEventId(1, 21))).toEqual({ lost: "epoch" });
  });
});

const marksOf = (mark: number, seq: number) => [
  { mark: 5, seq: 0 },
  { mark, seq },
];
