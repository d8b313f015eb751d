import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { answerToPath, routedPath } from "./request-path.ts";

const urlOf = (path: string): URL => new URL(`http://localhost${path}`);

describe("a path is routed", () => {
  test("with its unreserved characters unescaped", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), (text) => {
        const escaped = [...new TextEncoder().encode(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`);
        // What `encodeURIComponent` leaves, it leaves because it is unreserved, but for these.
        const expected = encodeURIComponent(text.toWellFormed()).replaceAll(
          /[!'()*]/g,
          (each) => `%${each.charCodeAt(0).toString(16)}`,
        );
        const path = routedPath(urlOf(`/a/${escaped.join("")}/b`));
        // Dots of their own are resolved by the URL itself.
        if (!/^\.{1,2}$/.test(text)) expect(path.toLowerCase()).toBe(`/a/${expected}/b`.toLowerCase());
      }),
    );
  });

  test("without a second round of unescaping", () => {
    expect(routedPath(urlOf("/api/%2568ealth"))).toBe("/api/%2568ealth");
    expect(routedPath(urlOf("/api/%68ealth/%2F%20"))).toBe("/api/health/%2F%20");
  });
});

describe("before routing", () => {
  const answer = (path: string, method = "GET"): readonly unknown[] | undefined => {
    const response = answerToPath(method, urlOf(path));
    return response && [response.status, response.headers.get("location")];
  };

  test("empty segments redirect to the path without them", () => {
    expect(answer("//api/health")).toEqual([307, "/api/health"]);
    expect(answer("/api///health//?a=//b")).toEqual([307, "/api/health/?a=//b"]);
    expect(answer("/api//health", "POST")).toEqual([307, "/api/health"]);
    expect(answer("/api/a%2F/?a=//b")).toBeUndefined();
  });

  test("a bad escape is a bad request", () => {
    expect(answer("/api/health%")).toEqual([400, null]);
    expect(answer("/api/%zz")).toEqual([400, null]);
    expect(answer("/api/health?a=%zz")).toBeUndefined();
  });
});
