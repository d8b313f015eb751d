import { expect, test } from "bun:test";
import type { PresenceMember } from "@headwater/protocol";
import fc from "fast-check";
import { Room, type MemberConnection } from "./room.ts";

const NOW = new Date("2026-01-02T03:04:05Z");
const openRoom = (): Room => new Room((key) => `id of ${key}`);
const connection = (memberKey: string, state: unknown = null): MemberConnection => ({ memberKey, auth: null, state });

test("a member who joins, changes and leaves causes an event each time, with the count", () => {
  const room = openRoom();
  const ann = connection("ann", { x: 1 });
  room.enter(ann, NOW);
  const member = { id: "id of ann", auth: null, state: { x: 1 }, since: NOW.toISOString() };
  expect(room.takeEvents()).toEqual([{ presence: "join", count: 1, member }]);
  const changed = connection("ann", { x: 2 });
  room.enter(changed, new Date());
  room.leave(ann);
  expect(room.takeEvents()).toEqual([{ presence: "update", count: 1, member: { ...member, state: { x: 2 } } }]);
  room.leave(changed);
  expect(room.takeEvents()).toEqual([{ presence: "leave", count: 0, member: { ...member, state: { x: 2 } } }]);
  expect(room.isEmpty).toBe(true);
});

test("a member who leaves and returns, or joins and leaves, between two publications causes no event", () => {
  const room = openRoom();
  const [ann, bob] = [connection("ann"), connection("bob")];
  room.enter(ann, NOW);
  room.takeEvents();
  room.leave(ann);
  room.enter(bob, NOW);
  room.enter(connection("ann"), NOW);
  room.leave(bob);
  expect(room.takeEvents()).toEqual([]);
});

test("a member with several connections is present until the last one leaves", () => {
  const room = openRoom();
  const [phone, laptop] = [connection("ann", "on the bus"), connection("ann", "at home")];
  room.enter(phone, NOW);
  room.enter(laptop, NOW);
  expect(room.takeEvents()).toMatchObject([{ presence: "join", count: 1, member: { state: "at home" } }]);
  room.leave(laptop);
  expect(room.takeEvents()).toMatchObject([{ presence: "update", member: { state: "on the bus" } }]);
  room.leave(phone);
  expect(room.takeEvents()).toMatchObject([{ presence: "leave", count: 0 }]);
});

test("applying all events yields the members that are present", () => {
  const step = fc.record({
    key: fc.constantFrom("a", "b", "c"),
    act: fc.constantFrom("enter", "leave", "take"),
    state: fc.nat(2),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const room = openRoom();
      const connections: MemberConnection[] = [];
      const seen = new Map<string, PresenceMember>();
      const apply = (): void => {
        for (const event of room.takeEvents()) {
          if (!("member" in event)) throw new Error("a room has events of members only");
          expect(event.presence === "join").toBe(!seen.has(event.member.id));
          if (event.presence === "leave") seen.delete(event.member.id);
          else seen.set(event.member.id, event.member);
        }
      };
      for (const { key, act, state } of steps) {
        if (act === "take") apply();
        else if (act === "enter") {
          connections.push(connection(key, state));
          room.enter(connections.at(-1)!, NOW);
        } else {
          const at = connections.findIndex((one) => one.memberKey === key);
          if (at >= 0) room.leave(connections.splice(at, 1)[0]!);
        }
      }
      apply();
      const states = Object.fromEntries(connections.map(({ memberKey, state }) => [`id of ${memberKey}`, state]));
      expect(Object.fromEntries([...seen.values()].map(({ id, state }) => [id, state]))).toEqual(states);
      expect(room.members).toEqual([...seen.values()]);
    }),
  );
});
