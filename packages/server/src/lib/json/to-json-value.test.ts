import { expect, test } from "bun:test";
import fc from "fast-check";
import { NotJsonError, toJsonValue } from "./to-json-value.ts";

const circular: Record<string, unknown> = { a: 1 };
circular["self"] = [circular];
const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = [value];
  return value;
};
const throwing = {
  toJSON: (): never => {
    throw new Error("not today");
  },
};
const getter = Object.defineProperty({}, "now", {
  enumerable: true,
  get: () => {
    throw new Error("gone");
  },
});

test.each([
  [10n, "JSON can't hold a BigInt."],
  [{ lines: [{ total: 1 }, { total: 2n }] }, "JSON can't hold a BigInt (at lines[1].total)."],
  [() => {}, "JSON can't hold a function."],
  [{ call() {} }, "JSON can't hold a function (at call)."],
  [[undefined], "JSON can't hold undefined (at [0])."],
  [Array.of(1, 2, 3).fill(Number.NaN, 1), "JSON can't hold the number NaN (at [1])."],
  [{ a: Infinity }, "JSON can't hold the number Infinity (at a)."],
  [Symbol("s"), "JSON can't hold a symbol."],
  [new Map([[1, 2]]), "JSON can't hold a Map."],
  [{ seen: new Set() }, "JSON can't hold a Set (at seen)."],
  [Promise.resolve(), "JSON can't hold a Promise."],
  [/a/, "JSON can't hold a RegExp."],
  [new ArrayBuffer(1), "JSON can't hold an ArrayBuffer."],
  [new Uint8Array(1), "JSON can't hold a Uint8Array."],
  [new Date(Number.NaN), "JSON can't hold an invalid Date."],
  [circular, "JSON can't hold a value that contains itself (at self[0])."],
  [throwing, 'JSON can\'t hold a value whose toJSON throws "not today".'],
  [getter, 'JSON can\'t hold a member that throws "gone" (at now).'],
  [deep(5_000), "JSON can't hold values nested more than 1000 deep."],
])("%p is refused", (value, message) => {
  expect(() => toJsonValue(value)).toThrow(NotJsonError);
  expect(() => toJsonValue(value)).toThrow(message);
});

test("whatever JSON holds is copied as JSON writes it", () => {
  class Point {
    constructor(readonly x: number) {}
  }
  const shared = { a: 1 };
  for (const value of [
    new Date(0),
    { at: new Date(0), url: new URL("http://a.test/") },
    new Point(1),
    [shared, shared],
    { gone: undefined, kept: null },
    JSON.parse('{"__proto__": 1}') as unknown,
    Object(1) as unknown,
  ]) {
    expect(JSON.stringify(toJsonValue(value))).toBe(JSON.stringify(value));
  }
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.stringify(toJsonValue(value))).toBe(JSON.stringify(value));
    }),
  );
});
