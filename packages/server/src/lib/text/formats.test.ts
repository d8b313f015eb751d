import { expect, test } from "bun:test";
import { isDomain, isUrl, urlHost } from "./formats.ts";

test.each([
  ["a.de", true],
  ["a-b.co.uk", true],
  ["-a.de", false],
  ["a", false],
  [`${"a".repeat(64)}.de`, false],
])("%p as a domain: %p", (text, valid) => {
  expect(isDomain(text)).toBe(valid);
});

test("a hostile URL is checked quickly", () => {
  const started = performance.now();
  expect(isUrl(`http://${"a-".repeat(900)}!`)).toBe(false);
  expect(performance.now() - started).toBeLessThan(2000);
});

test("the host of a URL includes the port, but not the user", () => {
  expect(urlHost("https://me:pw@a.de:80/x@y")).toBe("a.de:80");
  expect(urlHost("a.de/x")).toBe("");
});
