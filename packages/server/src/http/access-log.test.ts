import { expect, test } from "bun:test";
import { requestId } from "./request-id.ts";
import { loggedUrl } from "./access-log.ts";

test.each([
  ["/api/files/a/b/c?token=SECRET", "/api/files/a/b/c?token=***"],
  ["/a?x=1&token=SECRET&token=SECRET&thumb=2", "/a?x=1&token=***&thumb=2"],
  ["/a?mfaId=SECRET", "/a?mfaId=***"],
  ["/a?filter=x%20%3D%201", "/a?filter=x%20%3D%201"],
  ["/a", "/a"],
])("%s is logged as %s", (path, logged) => {
  expect(loggedUrl(new URL(path, "http://localhost")).replaceAll("%2A", "*")).toBe(logged);
});

test("a long URL is truncated", () => {
  expect(loggedUrl(new URL(`http://localhost/${"a".repeat(5000)}`))).toHaveLength(3003);
});

const idOf = (given: string): string =>
  requestId(new Request("http://localhost/", { headers: { "X-Request-Id": given } }));

test("a safe request id is kept, and any other is replaced", () => {
  expect(idOf("trace-1/a:b.c_d=")).toBe("trace-1/a:b.c_d=");
  for (const bad of ["", "a b", "a\tb", "é", '"', "x".repeat(129)]) expect(idOf(bad)).toMatch(/^[\da-f-]{36}$/);
});
