import { expect, test } from "bun:test";
import { createCors } from "./cors.ts";

const preflight = (origins: readonly string[], headers: Record<string, string>): Response =>
  createCors(origins).preflight(new Request("http://localhost/", { method: "OPTIONS", headers }));

test("the wildcard allows every origin, and a request without an origin gets no header", () => {
  expect(createCors(["*"]).allowed("https://a.example")).toBe("*");
  expect(createCors(["*"]).allowed(null)).toBeUndefined();
});

test.each([
  ["https://a.example", true],
  ["https://a.example:8080", false],
  ["https://aXexample", false],
  ["https://x.b.example", true],
  ["https://x.y.b.example", true],
  ["https://b.example", false],
  ["http://c1.example", true],
  ["http://c12.example", false],
  [`https://${"x".repeat(260)}.b.example`, false],
])("%s is allowed: %p", (origin, isAllowed) => {
  const cors = createCors(["https://a.example", "https://*.b.example", "http://c?.example"]);
  expect(cors.allowed(origin)).toBe(isAllowed ? origin : undefined);
});

test("a preflight grants PocketBase's methods and the requested headers", () => {
  const { status, headers } = preflight(["*"], {
    Origin: "https://a.example",
    "Access-Control-Request-Headers": "authorization,x-custom",
  });
  expect(status).toBe(204);
  expect(headers.get("access-control-allow-origin")).toBe("*");
  expect(headers.get("access-control-allow-methods")).toBe("GET,HEAD,PUT,PATCH,POST,DELETE");
  expect(headers.get("access-control-allow-headers")).toBe("authorization,x-custom");
  expect(headers.get("vary")).toBe("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
});

test("a preflight from another origin, or OPTIONS without one, succeeds and grants nothing", () => {
  for (const headers of [{ Origin: "https://b.example" }, {}] as const) {
    const response = preflight(["https://a.example"], headers);
    expect(response.status).toBe(204);
    expect([...response.headers]).toEqual([["vary", "Origin"]]);
  }
});
