import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { encodeEvent } from "./sse-encoder.ts";

test("line ends of Unicode are escaped, so that every client sees one line of data", () => {
  const encoded = encodeEvent({ event: "posts", data: JSON.stringify({ a: "\u0085|\u2028|\u2029|é" }) });
  expect(encoded).toBe(`event:posts\ndata:{"a":"${String.raw`\u0085|\u2028|\u2029`}|é"}\n\n`);
});

test("any JSON arrives as it was", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      const [, data = "", ...rest] = encodeEvent({ event: "e", data: JSON.stringify(value) }).split(
        /[\r\n\u0085\u2028\u2029]/,
      );
      expect(JSON.parse(data.slice("data:".length))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(rest).toEqual(["", ""]);
    }),
  );
});
