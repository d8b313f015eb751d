import { describe, expect, test } from "bun:test";
import { errorText, play, type Scenario, testScenarios } from "../testing/scenario.ts";
import { startTestApp } from "../testing/test-app.ts";

const { url, admin, log, add, tokenOf } = await startTestApp({ origins: "https://app.example,https://*.dev.example" });
const user = await tokenOf("users", await add("users", { email: "ann@example.com" }));

const WRONG = errorText(400, "Something went wrong while processing your request.");
const NOWHERE = errorText(404, "The requested resource wasn't found.");
const NO_FILE = errorText(404, "File not found.");

describe("every response", () => {
  test("has PocketBase's headers and an id, and grants nothing to other origins", async () => {
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

  test("is logged with the request's id and without its token", async () => {
    const before = log.length;
    const { headers } = await play(url, {
      path: "/api/nothing?token=SECRET&x=1",
      token: user,
      headers: { "X-Request-Id": "trace-7" },
    });
    expect(headers.get("x-request-id")).toBe("trace-7");
    const [entry, ...others] = log.slice(before);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ request: "trace-7", method: "GET", status: 404, msg: "request" });
    expect(String(entry!["url"])).toMatch(/^\/api\/nothing\?token=.*&x=1$/);
    expect(JSON.stringify(entry)).not.toContain("SECRET");
    expect(String(entry!["principal"])).toMatch(/^users\/\w{15}$/);
    expect(entry!["ms"]).toBeNumber();
  });
});

testScenarios(url, [
  {
    name: "health shows no details to others",
    path: "/api/health",
    token: user,
    status: 200,
    contains: ['{"message":"API is healthy.","code":200,"data":{}}'],
  },
  {
    name: "health shows superusers details",
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
  { name: "HEAD of an unknown path has no body", method: "HEAD", path: "/api/nothing", status: 404 },
  ...["/", "/api", "/api/nothing", "/api/health/", "/API/health"].map((path): Scenario => ({
    name: `${path} is not found`,
    path,
    status: 404,
    contains: [NO_FILE],
  })),
  ...["POST", "PUT", "PATCH", "DELETE"].map((method): Scenario => ({
    name: `${method} /api/health is not found`,
    method,
    path: "/api/health",
    status: 404,
    contains: [NOWHERE],
  })),
  {
    name: "a path that can't be decoded is refused",
    path: "/api/collections/users/records/%zz",
    status: 400,
    contains: ["400 Bad Request"],
  },
  {
    name: "a path may have escapes that mean the same",
    path: "/api/%68ealth",
    status: 200,
    contains: ["API is healthy."],
  },
]);

describe("other origins", () => {
  testScenarios(url, [
    {
      name: "are allowed by name",
      path: "/api/health",
      headers: { Origin: "https://app.example" },
      status: 200,
      responseHeaders: { "access-control-allow-origin": "https://app.example", vary: "Origin" },
    },
    {
      name: "are allowed by pattern, for errors too",
      path: "/api/nothing",
      headers: { Origin: "https://x.dev.example" },
      status: 404,
      responseHeaders: { "access-control-allow-origin": "https://x.dev.example" },
    },
    {
      name: "get no header if they are not allowed",
      path: "/api/health",
      headers: { Origin: "https://evil.example" },
      status: 200,
      responseHeaders: { "access-control-allow-origin": null },
    },
    {
      name: "may send a preflight to any path",
      method: "OPTIONS",
      path: "/nowhere",
      headers: { Origin: "https://app.example", "Access-Control-Request-Headers": "x-a" },
      status: 204,
      responseHeaders: { "access-control-allow-headers": "x-a" },
    },
  ]);
});

describe("the `fields` parameter", () => {
  testScenarios(url, [
    { name: "selects keys of an object", path: "/api/health?fields=code", status: 200, contains: ['{"code":200}'] },
    {
      name: "selects keys of a list's items",
      path: "/api/collections?fields=name:excerpt(2,true)&filter=name='users'",
      token: admin,
      status: 200,
      contains: ['{"items":[{"name":"us..."}],"page":1,"perPage":30,"totalItems":1,"totalPages":1}'],
    },
    { name: "is refused if it is not valid", path: "/api/health?fields=code:no()", status: 400, contains: [WRONG] },
    { name: "does not apply to errors", path: "/api/nothing?fields=status", status: 404, contains: [NO_FILE] },
  ]);
});

describe("the requester", () => {
  const path = "/api/collections?perPage=1&fields=name";
  const needsToken = errorText(401, "The request requires valid record authorization token.");
  const notAllowed = errorText(403, "The authorized record is not allowed to perform this action.");
  const forged = `${user.split(".").slice(0, 2).join(".")}.${admin.split(".")[2]}`;
  const open = "/api/collections/users/auth-methods";
  const invalidTokens = ["", forged, `${admin}x`, "Token", `Bearer${admin}`, "Bearer "];
  testScenarios(url, [
    { name: "may be a superuser", path, token: admin, status: 200 },
    ...["Bearer", "bearer", "BEARER"].map((scheme): Scenario => ({
      name: `may use the scheme ${scheme}`,
      path,
      token: `${scheme} ${admin}`,
      status: 200,
    })),
    {
      name: "must be a superuser where superusers are required",
      path,
      token: user,
      status: 403,
      contains: [notAllowed],
    },
    { name: "is a guest without a token", path, status: 401, contains: [needsToken] },
    ...invalidTokens.map((token): Scenario => ({
      name: `is a guest with the token ${token.slice(0, 12)}…${token.length}`,
      path,
      token,
      status: 401,
      contains: [needsToken],
    })),
    {
      name: "may be a guest, even with an invalid token, where no account is required",
      path: open,
      token: forged,
      status: 200,
    },
  ]);
});
