import { expect, test } from "bun:test";
import { RecordFixture } from "../testing/record-fixture.ts";
import { GUEST, type Principal, principalKey, principalOf } from "../rules/principal.ts";
import { StreamOwners } from "./stream-owners.ts";

const withTokenKey = (principal: Principal, tokenKey: string): Principal =>
  principal.kind === "guest" ? GUEST : principalOf(principal.collection, { ...principal.values, tokenKey });

test("the streams of an owner end with the tokens that they were opened with", async () => {
  const fixture = await RecordFixture.open([]);
  const owner = withTokenKey(fixture.superuser(), "now");
  const streams = new StreamOwners();
  const ended: string[] = [];
  const add = (name: string, principal = owner) => streams.add(principal, () => void ended.push(name));
  const forgetFirst = add("first");
  add("second");
  add("guest", GUEST);
  expect(streams.size).toBe(1);
  streams.revoked(principalKey(owner), "now");
  streams.revoked("other/id", undefined);
  streams.revise((principal) => principal);
  expect(ended).toEqual([]);
  forgetFirst();
  streams.revoked(principalKey(owner), undefined);
  expect(ended).toEqual(["second"]);
  streams.revise(() => GUEST);
  expect(ended).toEqual(["second", "second"]);
});
