import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodeJson } from "./encode-json.ts";

test("what could end a script or a comment in HTML is escaped, as Go's encoder does it", () => {
  expect(encodeJson({ a: "<b>&\u2028\u2029" })).toBe('{"a":"\\u003cb\\u003e\\u0026\\u2028\\u2029"}');
});

test("whatever the value, it reads back the same and holds none of the escaped characters", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = encodeJson(value);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(json).not.toMatch(/[<>&\u2028\u2029]/);
    }),
  );
});
