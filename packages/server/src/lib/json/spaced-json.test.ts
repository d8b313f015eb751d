import { expect, test } from "bun:test";
import { assert, json, property } from "fast-check";
import { spacedJson } from "./spaced-json.ts";

test("there is a space after each colon and comma, and nowhere else", () => {
  const value = { event: "x", data: { text: 'a, "b": \n c', list: [1, [], {}], none: null } };
  expect(spacedJson(value)).toBe(
    '{"event": "x", "data": {"text": "a, \\"b\\": \\n c", "list": [1, [], {}], "none": null}}',
  );
  expect(spacedJson(undefined)).toBe("null");
});

test("it is one line with the same content", () => {
  assert(
    property(json(), (text) => {
      const spaced = spacedJson(JSON.parse(text));
      expect(spaced).not.toContain("\n");
      expect(JSON.stringify(JSON.parse(spaced))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});
