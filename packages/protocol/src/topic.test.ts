import { expect, test } from "bun:test";
import { NO_OPTIONS, parseSubscription, headerName } from "./topic.ts";

const OPTIONS = encodeURIComponent(JSON.stringify({ query: { filter: "a = '?&options='" }, headers: { "X-A": "b" } }));
const PARSED = { query: { filter: "a = '?&options='" }, headers: { x_a: "b" } };

test.each([
  ["posts/*", "posts/*", NO_OPTIONS],
  [`posts/*?options=${OPTIONS}`, "posts/*", PARSED],
  [`posts/*?x=1&options=${OPTIONS}`, "posts/*", PARSED],
  ["posts/*?", "posts/*", NO_OPTIONS],
  ["posts/*?x=1", "posts/*", NO_OPTIONS],
  ["posts/*?options={", "posts/*", NO_OPTIONS],
  ["posts/*&options={}", "posts/*&options={}", NO_OPTIONS],
  ["posts/*#a", "posts/*#a", NO_OPTIONS],
])("%s", (name, topic, options) => {
  expect(parseSubscription(name)).toEqual({ name, label: name, topic, options });
});

test.each([
  ["X-Token", "x_token"],
  ["x-token", "x_token"],
  ["xToken", "x_token"],
  ["x.key", "x_key"],
  ["__x--key__", "x_key"],
  ["xTOKEN", "x_token"],
])("the header %s is named %s in rules", (name, expected) => {
  expect(headerName(name)).toBe(expected);
});
