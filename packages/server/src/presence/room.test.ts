import { expect, test } from "bun:test";
import type { PresenceMember } from "@headwater/protocol";
import fc from "fast-check";
import { Room, type Seat } from "./room.ts";

const NOW = new Date("2026-01-02T03:04:05Z");
const openRoom = (): Room => new Room((key) => `id of ${key}`);
const seat = (key: string, state: unknown = null): Seat => ({ key, auth: null, state });

test("who comes, says something new and goes is told of, with how many there are", () => {
  const room = openRoom();
  const ann = seat("ann", { x: 1 });
  room.enter(ann, NOW);
  const member = { id: "id of ann", auth: null, state: { x: 1 }, since: NOW.toISOString() };
  expect(room.take()).toEqual([{ presence: "join", count: 1, member }]);
  const moved = seat("ann", { x: 2 });
  room.enter(moved, new Date());
  room.leave(ann);
  expect(room.take()).toEqual([{ presence: "update", count: 1, member: { ...member, state: { x: 2 } } }]);
  room.leave(moved);
  expect(room.take()).toEqual([{ presence: "leave", count: 0, member: { ...member, state: { x: 2 } } }]);
  expect(room.isEmpty).toBe(true);
});

test("who is back, or gone again, before it was told was never away, or never there", () => {
  const room = openRoom();
  const [ann, bob] = [seat("ann"), seat("bob")];
  room.enter(ann, NOW);
  room.take();
  room.leave(ann);
  room.enter(bob, NOW);
  room.enter(seat("ann"), NOW);
  room.leave(bob);
  expect(room.take()).toEqual([]);
});

test("a member with several connections is there until the last one leaves", () => {
  const room = openRoom();
  const [phone, laptop] = [seat("ann", "on the bus"), seat("ann", "at home")];
  room.enter(phone, NOW);
  room.enter(laptop, NOW);
  expect(room.take()).toMatchObject([{ presence: "join", count: 1, member: { state: "at home" } }]);
  room.leave(laptop);
  expect(room.take()).toMatchObject([{ presence: "update", member: { state: "on the bus" } }]);
  room.leave(phone);
  expect(room.take()).toMatchObject([{ presence: "leave", count: 0 }]);
});

test("whoever applies what is told has the members that are there", () => {
  const step = fc.record({
    key: fc.constantFrom("a", "b", "c"),
    act: fc.constantFrom("enter", "leave", "take"),
    state: fc.nat(2),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const room = openRoom();
      const seats: Seat[] = [];
      const seen = new Map<string, PresenceMember>();
      const apply = (): void => {
        for (const event of room.take()) {
          if (!("member" in event)) throw new Error("only members are told of here");
          expect(event.presence === "join").toBe(!seen.has(event.member.id));
          if (event.presence === "leave") seen.delete(event.member.id);
          else seen.set(event.member.id, event.member);
        }
      };
      for (const { key, act, state } of steps) {
        if (act === "take") apply();
        else if (act === "enter") {
          seats.push(seat(key, state));
          room.enter(seats.at(-1)!, NOW);
        } else {
          const at = seats.findIndex((one) => one.key === key);
          if (at >= 0) room.leave(seats.splice(at, 1)[0]!);
        }
      }
      apply();
      const states = Object.fromEntries(seats.map(({ key, state }) => [`id of ${key}`, state]));
      expect(Object.fromEntries([...seen.values()].map(({ id, state }) => [id, state]))).toEqual(states);
      expect(room.members).toEqual([...seen.values()]);
    }),
  );
});
