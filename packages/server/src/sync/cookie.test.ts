import { describe, expect, test } from "bun:test";
import { anything, assert, integer, property } from "fast-check";
import { NO_VIEW, type ClientGroup } from "./client-group.ts";
import { checkLineage, cookieStatusOf, nextCookie, readCookie } from "./cookie.ts";

const GROUP: ClientGroup = {
  id: 1,
  key: "group",
  owner: "users/ann",
  pushes: 5,
  seen: 0,
  view: {
    ...NO_VIEW,
    generation: "generation",
    parentGeneration: "parent",
    copiedVersion: 3,
    version: 7,
    floor: 2,
  },
};
const COOKIE = { order: 12, group: "group", life: "generation", version: 7, pushes: 5 };

test("any value is accepted as a cookie, and the next cookie has a higher order", () => {
  assert(
    property(anything(), integer({ min: 0, max: 1e9 }), integer({ min: 0, max: 1e9 }), (value, version, pushes) => {
      const sent = readCookie(value);
      const content = { key: "g", generation: "l", orderOffset: 3, version, pushes, place: "a.1" };
      const { cookie, orderOffset } = nextCookie(sent, content);
      expect(cookie.order).toBeGreaterThan(sent.order);
      expect(Number.isSafeInteger(cookie.order)).toBe(true);
      expect(cookie.order).toBe(orderOffset + version + pushes);
      expect(cookieStatusOf(sent, GROUP).kind).toBe("unknown");
    }),
  );
});

test("the next cookie carries the view's state under the protocol's keys", () => {
  const content = { key: "g", generation: "abc", orderOffset: 3, version: 7, pushes: 2, place: "a.1" };
  expect(nextCookie({ order: 0, cookie: undefined }, content)).toEqual({
    cookie: { order: 12, group: "g", life: "abc", version: 7, pushes: 2, place: "a.1" },
    orderOffset: 3,
  });
});

test("the order offset grows if the client has a higher order", () => {
  const content = { key: "g", generation: "abc", orderOffset: 3, version: 7, pushes: 2, place: "a.1" };
  expect(nextCookie({ order: 100, cookie: undefined }, content)).toMatchObject({
    cookie: { order: 101 },
    orderOffset: 92,
  });
});

test("the order of another server's cookie is read, be it a number or part of an object", () => {
  expect(readCookie(41)).toEqual({ order: 41, cookie: undefined });
  expect(readCookie({ order: 41, theirs: true })).toEqual({ order: 41, cookie: undefined });
  expect(readCookie("41").order).toBe(0);
});

test.each([
  ["the current version", {}, { kind: "known", version: 7, pushes: 5 }],
  ["an earlier version", { version: 2, pushes: 1 }, { kind: "known", version: 2, pushes: 1 }],
  ["a version below the floor", { version: 1 }, { kind: "unknown", lost: false }],
  ["a version that the view has not reached", { version: 8 }, { kind: "unknown", lost: true }],
  ["more pushes than the database", { pushes: 6 }, { kind: "ahead" }],
  ["another generation", { life: "other" }, { kind: "unknown", lost: false }],
  ["another group", { group: "other" }, { kind: "unknown", lost: false }],
  [
    "the version that the view was copied from",
    { group: "other", life: "parent", version: 3, pushes: 9 },
    { kind: "known", version: 3, pushes: 0 },
  ],
  [
    "a later version of the view that it was copied from",
    { group: "other", life: "parent", version: 4 },
    { kind: "unknown", lost: false },
  ],
])("a client can have %s", (_, other, status) => {
  expect(cookieStatusOf(readCookie({ ...COOKIE, ...other }), GROUP)).toEqual(status as never);
});

test("every cookie is unknown to a group without a view", () => {
  for (const life of ["generation", ""]) {
    const group = { ...GROUP, view: NO_VIEW };
    const sent = readCookie({ ...COOKIE, life, version: 0 });
    expect(cookieStatusOf(sent, group)).toEqual({ kind: "unknown", lost: false });
  }
});

describe("a cookie's place in the log", () => {
  const standingAs = (standing: "current" | "lost" | "other") => ({ standingOf: () => standing });
  const sent = readCookie({ ...COOKIE, place: "a.1" });

  test("leaves it as it is if the log has it, and if an older server issued it without", () => {
    expect(checkLineage(sent, "group", standingAs("current"))).toBe(sent);
    const old = readCookie(COOKIE);
    expect(checkLineage(old, "group", standingAs("lost"))).toBe(old);
  });

  test("makes its client start over if the log lost it, even if the view has come to the same version again", () => {
    expect(checkLineage(sent, "group", standingAs("lost"))).toBe("ahead");
    const blank = { order: COOKIE.order, cookie: undefined };
    expect(checkLineage(readCookie({ ...COOKIE, pushes: 0, place: "a.1" }), "group", standingAs("lost"))).toEqual(
      blank,
    );
    expect(checkLineage(sent, "another group", standingAs("lost"))).toEqual(blank);
    expect(checkLineage(sent, "group", standingAs("other"))).toEqual(blank);
  });
});
