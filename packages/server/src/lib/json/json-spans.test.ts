import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { findMembers, findSpans } from "./json-spans.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const whole = (bytes: Uint8Array) => ({ from: 0, to: bytes.length });
const textOf = (bytes: Uint8Array, { from, to }: { from: number; to: number }): string =>
  new TextDecoder().decode(bytes.subarray(from, to));

test("the items of any list are found", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, 2), async (list, indent) => {
      const bytes = bytesOf(JSON.stringify(list, null, indent));
      const spans = await findSpans(bytes, whole(bytes));
      expect(spans.map((span) => JSON.parse(textOf(bytes, span)))).toEqual(JSON.parse(textOf(bytes, whole(bytes))));
    }),
  );
});

test("the members of any object are found", async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (object) => {
      const bytes = bytesOf(JSON.stringify(object));
      const members = await findMembers(bytes, whole(bytes));
      const found = [...members].map(([name, span]) => [name, JSON.parse(textOf(bytes, span))] as const);
      expect(Object.fromEntries(found)).toEqual(JSON.parse(JSON.stringify(object)));
    }),
  );
});

test("the first items are found without the rest", async () => {
  const bytes = bytesOf("[1, [2], 3, oops");
  const spans = await findSpans(bytes, whole(bytes), 2);
  expect(spans.map((span) => textOf(bytes, span).trim())).toEqual(["1", "[2]"]);
});

test.each(["", "1", "[1", "[1] 2", '"["', "[1]]", '{"a":1,"a":2}', '{"a"}', "{1:1}", "[1,2]"])(
  "%s is not an object",
  async (text) => {
    const bytes = bytesOf(text);
    const error: unknown = await findMembers(bytes, whole(bytes)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SyntaxError);
  },
);
