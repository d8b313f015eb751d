import { expect, test } from "bun:test";
import { anything, assert, integer, property } from "fast-check";
import { NO_VIEW, type ClientGroup } from "./client-group.ts";
import { nextCookie, readClaim, standingOf } from "./cookie.ts";

const GROUP: ClientGroup = {
  id: 1,
  key: "group",
  owner: "users/ann",
  pushes: 5,
  seen: 0,
  view: { ...NO_VIEW, life: "life", parent: "parent", forked: 3, version: 7, floor: 2 },
};
const COOKIE = { order: 12, group: "group", life: "life", version: 7, pushes: 5 };

test("whatever a client sends as its cookie is read, and the next one is above it", () => {
  assert(
    property(anything(), integer({ min: 0, max: 1e9 }), integer({ min: 0, max: 1e9 }), (sent, version, pushes) => {
      const claim = readClaim(sent);
      const { cookie, shift } = nextCookie(claim, { key: "g", life: "l", shift: 3 }, version, pushes);
      expect(cookie.order).toBeGreaterThan(claim.order);
      expect(Number.isSafeInteger(cookie.order)).toBe(true);
      expect(cookie.order).toBe(shift + version + pushes);
      expect(standingOf(claim, GROUP).kind).toBe("unknown");
    }),
  );
});

test("an order of another server's, be it a number or in an object, is gone beyond", () => {
  expect(readClaim(41)).toEqual({ order: 41, cookie: undefined });
  expect(readClaim({ order: 41, theirs: true })).toEqual({ order: 41, cookie: undefined });
  expect(readClaim("41").order).toBe(0);
});

test.each([
  ["all there is", {}, { kind: "known", version: 7, pushes: 5 }],
  ["an earlier version", { version: 2, pushes: 1 }, { kind: "known", version: 2, pushes: 1 }],
  ["one of which it is not known any more what has left it since", { version: 1 }, { kind: "unknown", lost: false }],
  ["a version that is still to come", { version: 8 }, { kind: "unknown", lost: true }],
  ["pushes that never were", { pushes: 6 }, { kind: "ahead" }],
  ["another life", { life: "other" }, { kind: "unknown", lost: false }],
  ["another group", { group: "other" }, { kind: "unknown", lost: false }],
  [
    "the state that the view began from",
    { group: "other", life: "parent", version: 3, pushes: 9 },
    { kind: "known", version: 3, pushes: 0 },
  ],
  ["what became of that state since", { group: "other", life: "parent", version: 4 }, { kind: "unknown", lost: false }],
])("a client may have %s", (_, other, standing) => {
  expect(standingOf(readClaim({ ...COOKIE, ...other }), GROUP)).toEqual(standing as never);
});

test("where there is no view yet, nobody has anything", () => {
  for (const life of ["life", ""]) {
    const none = { ...GROUP, view: NO_VIEW };
    expect(standingOf(readClaim({ ...COOKIE, life, version: 0 }), none)).toEqual({ kind: "unknown", lost: false });
  }
});
