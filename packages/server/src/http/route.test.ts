import { expect, test } from "bun:test";
import { createRouter, del, get, post } from "./route.ts";

const nothing = (): Response => new Response();
const find = createRouter([
  get("/api/things", nothing),
  get("/api/things/meta/all", nothing),
  get("/api/things/:thing/parts/:id", nothing),
  get("/api/things/:thing", nothing),
  get("/api/things/late", nothing),
  post("/api/things/:thing", nothing),
  del("/api/things/:thing", nothing),
]);

test.each([
  ["GET", "/api/things", "/api/things", {}],
  ["HEAD", "/api/things", "/api/things", {}],
  ["GET", "/api/things/meta/all", "/api/things/meta/all", {}],
  ["GET", "/api/things/a", "/api/things/:thing", { thing: "a" }],
  ["GET", "/api/things/late", "/api/things/:thing", { thing: "late" }],
  ["GET", "/api/things/a/parts/1", "/api/things/:thing/parts/:id", { thing: "a", id: "1" }],
  ["DELETE", "/api/things/a%2Fb%20%C3%BC", "/api/things/:thing", { thing: "a/b ü" }],
  ["GET", "/api/things/a%FF", "/api/things/:thing", { thing: "\u{fffd}" }],
])("%s %s", (method, path, route, params) => {
  const found = find(method, path);
  expect(found?.route.path).toBe(route);
  expect(found?.params).toEqual(params);
});

test.each([
  ["PUT", "/api/things"],
  ["HEAD", "/api/nothing"],
  ["GET", "/api/things/"],
  ["GET", "/api/THINGS"],
  ["GET", "/api/things/a/b"],
  ["POST", "/api/things"],
])("%s %s matches no route", (method, path) => {
  expect(find(method, path)).toBeUndefined();
});
