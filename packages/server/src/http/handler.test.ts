import { describe, expect, test } from "bun:test";
import { errorText, play, type Scenario, testScenarios } from "../testing/scenario.ts";
import { startTestApp } from "../testing/test-app.ts";

const { url, admin, log, add, tokenOf } = await startTestApp({ origins: "https://app.example,https://*.dev.example" });
const user = await tokenOf("users", await add("users", { email: "ann@example.com" }));

const WRONG = errorText(400, "Something went wrong while processing your request.");
const NOWHERE = errorText(404, "The requested resource wasn't found.");

describe("every answer", () => {
  test("has PocketBase's headers, an id and nothing for strangers", async () => {
    const { headers } = await play(url, { path: "/api/health" });
    const { "x-request-id": id, date, ...others } = Object.fromEntries(headers);
    expect(id).toMatch(/^[\da-f-]{36}$/);
    expect(date).toBeTruthy();
    expect(others).toEqual({
      "content-length": "50",
      "content-type": "application/json",
      "cross-origin-opener-policy": "same-origin",
      vary: "Origin",
      "x-content-type-options": "nosniff",
      "x-frame-options": "SAMEORIGIN",
      "x-xss-protection": "1; mode=block",
    });
  });

  test("is logged with the request's id, without its token", async () => {
    const before = log.length;
    const { headers } = await play(url, {
      path: "/api/nothing?token=SECRET&x=1",
      token: user,
      headers: { "X-Request-Id": "trace-7" },
    });
    expect(headers.get("x-request-id")).toBe("trace-7");
    const [line, ...others] = log.slice(before);
    expect(others).toEqual([]);
    expect(line).toMatchObject({ request: "trace-7", method: "GET", status: 404, msg: "request" });
    expect(String(line!["url"])).toMatch(/^\/api\/nothing\?token=.*&x=1$/);
    expect(JSON.stringify(line)).not.toContain("SECRET");
    expect(String(line!["principal"])).toMatch(/^users\/\w{15}$/);
    expect(line!["ms"]).toBeNumber();
  });
});

testScenarios(url, [
  {
    name: "health says nothing else to anybody",
    path: "/api/health",
    token: user,
    status: 200,
    contains: ['{"message":"API is healthy.","code":200,"data":{}}'],
  },
  {
    name: "health tells superusers more",
    path: "/api/health",
    token: admin,
    status: 200,
    contains: ['"realIP":"127.0.0.1"'],
  },
  {
    name: "HEAD has GET's headers and no body",
    method: "HEAD",
    path: "/api/health",
    status: 200,
    responseHeaders: { "content-length": "50" },
  },
  { name: "HEAD of nothing has no body", method: "HEAD", path: "/api/nothing", status: 404 },
  ...["/", "/api", "/api/nothing", "/api/health/", "/API/health"].map((path): Scenario => ({
    name: `nothing is at ${path}`,
    path,
    status: 404,
    contains: [NOWHERE],
  })),
  ...["POST", "PUT", "PATCH", "DELETE"].map((method): Scenario => ({
    name: `nothing is at ${method} /api/health`,
    method,
    path: "/api/health",
    status: 404,
    contains: [NOWHERE],
  })),
  {
    name: "a path that can't be decoded is refused",
    path: "/api/collections/users/records/%zz",
    status: 400,
    contains: [WRONG],
  },
]);

describe("other origins", () => {
  testScenarios(url, [
    {
      name: "are let in by name",
      path: "/api/health",
      headers: { Origin: "https://app.example" },
      status: 200,
      responseHeaders: { "access-control-allow-origin": "https://app.example", vary: "Origin" },
    },
    {
      name: "are let in by pattern, to errors as well",
      path: "/api/nothing",
      headers: { Origin: "https://x.dev.example" },
      status: 404,
      responseHeaders: { "access-control-allow-origin": "https://x.dev.example" },
    },
    {
      name: "are told nothing when they are strangers",
      path: "/api/health",
      headers: { Origin: "https://evil.example" },
      status: 200,
      responseHeaders: { "access-control-allow-origin": null },
    },
    {
      name: "may ask first, wherever they ask",
      method: "OPTIONS",
      path: "/nowhere",
      headers: { Origin: "https://app.example", "Access-Control-Request-Headers": "x-a" },
      status: 204,
      responseHeaders: { "access-control-allow-headers": "x-a" },
    },
  ]);
});

describe("what a client picks with `fields`", () => {
  testScenarios(url, [
    { name: "are keys of an object", path: "/api/health?fields=code", status: 200, contains: ['{"code":200}'] },
    {
      name: "are keys of a list's items",
      path: "/api/collections?fields=name:excerpt(2,true)&filter=name='users'",
      token: admin,
      status: 200,
      contains: ['{"items":[{"name":"us..."}],"page":1,"perPage":30,"totalItems":1,"totalPages":1}'],
    },
    { name: "is refused when it can't be read", path: "/api/health?fields=code:no()", status: 400, contains: [WRONG] },
    { name: "is not asked of errors", path: "/api/nothing?fields=status", status: 404, contains: [NOWHERE] },
  ]);
});

describe("who asks", () => {
  const path = "/api/collections?perPage=1&fields=name";
  const needsToken = errorText(401, "The request requires valid record authorization token.");
  const notAllowed = errorText(403, "The authorized record is not allowed to perform this action.");
  const forged = `${user.split(".").slice(0, 2).join(".")}.${admin.split(".")[2]}`;
  const open = "/api/collections/users/auth-methods";
  const nobody = ["", forged, `${admin}x`, "Token", `Bearer${admin}`, "Bearer "];
  testScenarios(url, [
    { name: "may be a superuser", path, token: admin, status: 200 },
    ...["Bearer", "bearer", "BEARER"].map((scheme): Scenario => ({
      name: `may say ${scheme}`,
      path,
      token: `${scheme} ${admin}`,
      status: 200,
    })),
    {
      name: "may not be just anybody where superusers are wanted",
      path,
      token: user,
      status: 403,
      contains: [notAllowed],
    },
    { name: "is nobody without a token", path, status: 401, contains: [needsToken] },
    ...nobody.map((token): Scenario => ({
      name: `is nobody with the token ${token.slice(0, 12)}…${token.length}`,
      path,
      token,
      status: 401,
      contains: [needsToken],
    })),
    { name: "may be nobody, by a bad token too, where nobody need be anybody", path: open, token: forged, status: 200 },
  ]);
});
