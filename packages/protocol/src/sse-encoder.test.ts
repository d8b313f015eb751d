import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { encodeEvent } from "./sse-encoder.ts";

test("line ends of Unicode are escaped, so that every client sees one line of data", () => {
  const value = { a: "\u0085|\u2028|\u2029|\u000b|é" };
  expect(encodeEvent({ event: "posts", data: JSON.stringify(value) })).toBe(
    String.raw`event:posts${"\n"}data:{"a":"\u0085|\u2028|\u2029|\u000b|é"}${"\n\n"}`,
  );
});

test("any JSON arrives as it was", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      const encoded = encodeEvent({ event: "e", data: JSON.stringify(value) });
      const data = /^data:(.*)$/m.exec(encoded)?.[1] ?? "";
      expect(JSON.parse(data)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
