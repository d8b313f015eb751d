import { expect, test } from "bun:test";
import { requestId } from "./request-id.ts";
import { loggedUrl } from "./logged-url.ts";

test.each([
  ["/api/files/a/b/c?token=HUSH7", "/api/files/a/b/c?token=***"],
  ["/a?x=1&token=HUSH7&token=HUSH7&thumb=100x50", "/a?x=1&token=***&token=***&thumb=100x50"],
  [
    "/a?page=2&perPage=500&skipTotal=true&sort=-created,%2Bid",
    "/a?page=2&perPage=500&skipTotal=true&sort=-created%2C%2Bid",
  ],
  ["/a?expand=author,tags&fields=id,*", "/a?expand=author%2Ctags&fields=id%2C*"],
  ["/a?filter=x%20%3D%201", "/a?filter=x%20%3D%201"],
  ["/a?filter=(author='HUSH7'%26%26n>12)", "/a?filter=(author%3D***%26%26n%3E12)"],
  ["/a?filter=created>@now", "/a?filter=created%3E%40now"],
  ["/a", "/a"],
])("%s is logged as %s", (path, logged) => {
  expect(loggedUrl(new URL(path, "http://localhost"))).toBe(logged);
});

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6IkhVU0g3In0.HUSH7HUSH7";

test.each([
  "?PassWord=HUSH7",
  "?%70assword=HUSH7",
  "?%2570assword=HUSH7",
  "?password%3DHUSH7",
  "?password=%zzHUSH7",
  "?user[password]=HUSH7",
  "?user%5Bpassword%5D=HUSH7",
  "?auth.token=HUSH7",
  "?HUSH7",
  "?=HUSH7",
  "?x=1;password=HUSH7",
  '?data={"password":"HUSH7"}',
  "?@jsonPayload=%7B%22password%22%3A%22HUSH7%22%7D",
  "?next=%2Flogin%3Ftoken%3DHUSH7",
  "?next=https%253A%252F%252Fa%253Ftoken%253DHUSH7",
  "?passwordConfirm=HUSH7&oldPassword=HUSH7&apiKey=HUSH7&access-token=HUSH7&X-Token=HUSH7",
  "?otp=123456HUSH7&state=HUSH7&code=HUSH7&ticket=HUSH7&since=HUSH7",
  "?page=HUSH7&perPage=HUSH7&thumb=HUSH7&skipTotal=HUSH7",
  "?filter=token='HUSH7'",
  "?filter=a%3D%22HUSH7",
  "?filter=a='x\\'HUSH7'",
  "?filter=share=HUSH7",
  "?filter=HUSH7=token",
  "?filter=a=HUSH7%26%26b",
  `?anything=${JWT}`,
  `?sort=${JWT}`,
  `?${JWT}`,
  `/${JWT}/confirm`,
  "/a;token=HUSH7/b",
  "/redirect/https%3A%2F%2Fb%3Ftoken%3DHUSH7",
])("nothing secret of %s is logged", (path) => {
  expect(loggedUrl(new URL(`http://localhost/a${path}`))).not.toMatch(/HUSH7|IkhVU0g3/);
});

test("a long URL is truncated", () => {
  expect(loggedUrl(new URL(`http://localhost/${"a".repeat(5000)}`))).toHaveLength(3003);
  expect(loggedUrl(new URL(`http://localhost/a?sort=${"a,".repeat(5000)}`)).length).toBeLessThanOrEqual(3003);
});

const idOf = (given: string): string =>
  requestId(new Request("http://localhost/", { headers: { "X-Request-Id": given } }));

test("a safe request id is kept, and any other is replaced", () => {
  expect(idOf("trace-1/a:b.c_d=")).toBe("trace-1/a:b.c_d=");
  for (const bad of ["", "a b", "a\tb", "é", '"', "x".repeat(129)]) expect(idOf(bad)).toMatch(/^[\da-f-]{36}$/);
});
