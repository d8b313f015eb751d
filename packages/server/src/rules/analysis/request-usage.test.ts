import { expect, test } from "bun:test";
import { requestUsage } from "./request-usage.ts";

const parts = (text: string): string[] =>
  Object.entries(requestUsage(text))
    .filter(([, reads]) => reads)
    .map(([part]) => part);

test("a rule reads the parts of the request that it names, at any depth", () => {
  expect(parts("title = 'x' || (author = @request.auth.id && n > 1)")).toEqual(["auth"]);
  expect(parts("@request.body.a:isset = true && @request.query.b = @request.headers.c")).toEqual([
    "body",
    "query",
    "headers",
  ]);
  expect(parts("@request.context = 'default' || @request.method = 'GET'")).toEqual(["context", "method"]);
  expect(parts("geoDistance(@request.auth.lon, 1, 2, 3) < 5")).toEqual(["auth"]);
});

test("macros and strftime read the time", () => {
  expect(parts("created > @todayStart")).toEqual(["now"]);
  expect(parts("strftime('%Y', 'now') = '2024'")).toEqual(["now"]);
});

test("texts, comments and other names read nothing", () => {
  expect(parts("title = '@request.auth.id' // @request.auth.id\n && request.auth.id = 1")).toEqual([]);
  expect(parts("@collection.members.id != ''")).toEqual([]);
});

test("an invalid rule reads nothing", () => {
  expect(parts("")).toEqual([]);
  expect(parts("author = @request.auth.id &&")).toEqual([]);
});
