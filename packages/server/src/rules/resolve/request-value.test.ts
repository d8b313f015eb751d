import { expect, test } from "bun:test";
import type { RequestOperand } from "./condition.ts";
import { Blog } from "../golden/blog.ts";
import { GUEST } from "../principal.ts";
import { bodyIds, bodyItems, requestValue } from "./request-value.ts";
import type { RuleContext } from "../rule-context.ts";

const CONTEXT: RuleContext = {
  principal: GUEST,
  context: "default",
  method: "PATCH",
  query: { a: "1" },
  headers: { x_token: "T" },
  body: {
    text: "x",
    number: "1.50",
    zero: "0.0",
    nil: null,
    list: ["a", { b: [1, 2] }],
    map: { z: 1, a: { b: "<deep>" } },
  },
};

const value = (path: string, reading: RequestOperand["reading"] = "value", context = CONTEXT) =>
  requestValue({ kind: "request", path: path.split("."), reading, lower: false }, context);

test("a path reads through maps and lists, and gives NULL if nothing is there", () => {
  expect(value("method")).toBe("PATCH");
  expect(value("query.a")).toBe("1");
  expect(value("headers.x_token")).toBe("T");
  expect(value("body.list.0")).toBe("a");
  expect(value("body.list.1.b.1")).toBe(2);
  expect(value("body.map.a.b")).toBe("<deep>");
  for (const path of [
    "query.b",
    "method.x",
    "body.list.2",
    "body.list.x",
    "body.list.length",
    "body.map.a.b.c",
    "body.nil",
  ]) {
    expect([path, value(path)]).toEqual([path, null]);
  }
});

test("inherited properties are ignored", () => {
  expect(value("body.constructor")).toBeNull();
  expect(value("body.toString", "isset")).toBe(false);
  expect(value("query.__proto__")).toBeNull();
});

test("lists and maps become JSON text with sorted keys", () => {
  expect(value("body.list")).toBe('["a",{"b":[1,2]}]');
  expect(value("body.map")).toBe('{"a":{"b":"<deep>"},"z":1}');
});

test("isset checks for the key, whatever its value", () => {
  expect(value("body.nil", "isset")).toBe(true);
  expect(value("body.none", "isset")).toBe(false);
  expect(value("body.map.a.b", "isset")).toBe(true);
});

test("numeric text becomes a number where a number is expected", () => {
  expect(value("body.number", "number")).toBe(1.5);
  expect(value("body.zero", "number")).toBe(0);
  expect(value("body.text", "number")).toBe("x");
  expect(value("query.none", "number")).toBeNull();
});

test("the requester's record includes its collection's name and id", () => {
  const user = { ...CONTEXT, principal: new Blog().principal("u1") };
  expect(value("auth.id", "value", user)).toBe("u10000000000000");
  expect(value("auth.verified", "value", user)).toBe(true);
  expect(value("auth.collectionName", "value", user)).toBe("users");
  expect(value("auth.collectionId", "value", user)).toBe("_pb_users_auth_");
  expect(value("auth.id")).toBeNull();
});

test("a single item is a list of one, and ids are read from every form", () => {
  const context = { ...CONTEXT, body: { one: "a", many: ["a", "b", "a", ""], json: '["a","b"]', nil: null } };
  expect(bodyItems("one", context)).toEqual(["a"]);
  expect(bodyItems("nil", context)).toEqual([]);
  expect(bodyItems("none", context)).toEqual([]);
  expect(bodyIds("many", context)).toEqual(["a", "b"]);
  expect(bodyIds("json", context)).toEqual(["a", "b"]);
  expect(bodyIds("none", context)).toEqual([]);
});
