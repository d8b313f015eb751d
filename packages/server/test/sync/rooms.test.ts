import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { UserError } from "../../src/index.ts";
import { refusal } from "../../src/testing/library-app.ts";
import { play } from "../../src/testing/scenario.ts";
import { members, newRoom, RoomApp, SYNC, type User, users } from "./room-app.ts";

setDefaultTimeout(60_000);

const server = await RoomApp.open();
const { app, log, url } = server;

describe.each([
  ["event streams", server.stream.bind(server)],
  ["WebSockets", server.socket.bind(server)],
] as const)("over %s, a poke by the application", (_kind, connect) => {
  test("of a user reaches all of that user's clients, and no others", async () => {
    const [ann, bob] = [await server.signUp(), await server.signUp()];
    const [one, other, stranger] = [await connect(ann), await connect(ann), await connect(bob)];
    expect(await app.sync.poke(ann)).toBe(2);
    expect(await app.sync.poke(`users/${ann.id}`)).toBe(2);
    await Promise.all([one.until(1), other.until(1)]);
    expect(await server.settled(stranger)).toEqual([0]);
    expect(stranger.pokes()).toBe(1);
  });

  test("of a room reaches those in it, and no others", async () => {
    const room = newRoom("team");
    const [ann, bob] = [await server.signUp("red"), await server.signUp("red")];
    const inside = [await connect(ann, [room, "team:all"]), await connect(bob, [room])];
    const outside = [await connect(ann), await connect(bob, ["team:all"])];
    expect(await app.sync.poke(room)).toBe(2);
    await Promise.all(inside.map((client) => client.until(1)));
    expect(await server.settled(...outside)).toEqual([0, 0]);
    expect(await app.sync.poke("team:nobody")).toBe(0);
  });

  test("of a room reaches only those whom its rule allows by then", async () => {
    const list = newRoom("list");
    const [ann, bob] = [await server.signUp(), await server.signUp()];
    const [mine, membership] = [await server.admit(list, ann), await server.admit(list, bob)];
    const [annClient, bobClient] = [await connect(ann, [list]), await connect(bob, [list])];
    await app.records(members).delete(membership.id);
    expect(await app.sync.poke(list)).toBe(1);
    await annClient.until(1);
    await server.admit(list, bob);
    expect(await app.sync.poke(list)).toBe(2);
    await bobClient.until(1);
    await app.records(members).delete(mine.id);
  });

  test("in a transaction reaches them once it commits, or never", async () => {
    const room = newRoom("team");
    const ann = await server.signUp("blue");
    const client = await connect(ann, [room]);
    const undone = app.transaction(async (tx) => {
      await tx.sync.poke(room);
      await tx.sync.poke(ann);
      throw new Error("undone");
    });
    expect(await refusal(undone)).toEqual(new Error("undone"));
    expect(await server.settled(client)).toEqual([0]);
    const before = client.pokes();
    await app.transaction(async (tx) => tx.sync.poke(room));
    await client.until(before + 1);
    expect(String(await refusal(app.transaction(() => app.sync.poke(room))))).toContain("tx.sync");
  });

  test("goes on after collections, rules and accounts change", async () => {
    const room = newRoom("team");
    const ann = await server.signUp("green");
    const client = await connect(ann, [room]);
    await app.records(users).update(ann.id, { team: "blue" });
    app.sync.room("late", { join: "" });
    await client.until(1);
    await server.settled(client);
    const before = client.pokes();
    expect(await app.sync.poke(room)).toBe(1);
    await client.until(before + 1);
  });
});

describe("a client", () => {
  test("may not be in a room that its rule closes, or that is not declared, and the error names it", async () => {
    const room = newRoom("team");
    const [ann, bob] = [await server.signUp("red"), await server.signUp()];
    const refused = async (user: User, rooms: string) => {
      const response = await play(url, { path: `${SYNC}/stream?rooms=${rooms}`, token: user.token });
      return { status: response.status, body: await response.json() };
    };
    expect(await refused(bob, room)).toMatchObject({
      status: 403,
      body: { data: { rooms: { code: "forbidden_room", params: { rooms: room } } } },
    });
    expect(await refused(ann, `${room},other,list:0`)).toMatchObject({
      status: 403,
      body: { data: { rooms: { params: { rooms: "other,list:0" } } } },
    });
    expect(await refused(ann, "a%20b")).toMatchObject({
      status: 400,
      body: { data: { rooms: { code: "validation_invalid_room" } } },
    });
    const { client } = await server.socket(ann, [room]);
    const send = (rooms: readonly string[]) => client.request({ type: "sync", on: true, rooms });
    expect(await send(["team:1", "other"])).toMatchObject({ type: "error", code: "forbidden", rooms: ["other"] });
    expect(await send(["a b"])).toMatchObject({ type: "error", code: "bad_room", rooms: ["a b"] });
    // It stays in the room where it was.
    expect(await app.sync.poke(room)).toBe(1);
    await client.request({ type: "sync", on: true });
    expect(await app.sync.poke(room)).toBe(0);
    await client.request({ type: "sync", on: true, rooms: [room] });
    await client.request({ type: "auth", token: bob.token });
    expect(await app.sync.poke(room)).toBe(0);
    await client.request({ type: "auth", token: ann.token });
    expect(await app.sync.poke(room)).toBe(1);
    await client.request({ type: "sync", on: false });
    expect(await app.sync.poke(room)).toBe(0);
  });

  test("may name so many rooms", async () => {
    const ann = await server.signUp("red");
    const rooms = (count: number) => Array.from({ length: count }, (_, i) => `team:${i}`);
    const many = await play(url, { path: `${SYNC}/stream?rooms=${rooms(101).join(",")}`, token: ann.token });
    expect(many.status).toBe(400);
    expect(await many.json()).toMatchObject({ data: { rooms: { code: "limit_sync_rooms" } } });
    const { client } = await server.socket(ann);
    const reply = await client.request({ type: "sync", on: true, rooms: rooms(101) });
    expect(reply).toMatchObject({ type: "error", code: "limit_sync_rooms", retry: false });
    expect(await client.request({ type: "sync", on: true, rooms: rooms(100) })).toMatchObject({ type: "sync" });
    const long = await client.request({
      type: "sync",
      on: true,
      rooms: rooms(30).map((name) => name.padEnd(255, "x")),
    });
    expect(long).toMatchObject({ code: "limit_sync_rooms" });
  });

  test("that subscribes to a room's inner name on a WebSocket gets nothing", async () => {
    const room = newRoom("team");
    const ann = await server.signUp("red");
    const client = await server.connect(ann);
    await client.request({ type: "subscribe", pattern: [`~${room}`, `:~${room}`] });
    expect(await app.sync.poke(room)).toBe(0);
  });
});

describe("a push", () => {
  const push = (user: User, group: string, rooms: string) => {
    const mutations = [{ id: 1, name: "nothing", args: null, timestamp: 1, clientID: `${group}c` }];
    return server.post(user, `/push?rooms=${rooms}`, {
      clientGroupID: group,
      mutations,
      pushVersion: 1,
      schemaVersion: "",
    });
  };

  test("to a room pokes those in it, and says which rooms it may not poke", async () => {
    const room = newRoom("team");
    const [ann, bob, cleo] = [await server.signUp("pink"), await server.signUp("pink"), await server.signUp("pink")];
    const [inside, outside] = [await server.stream(bob, [room]), await server.socket(cleo, ["team:other"])];
    const pushed = await push(ann, "g1", `${room},list:0,secret`);
    expect(pushed).toMatchObject({ status: 200, body: { refusedRooms: ["list:0", "secret"] } });
    await inside.until(1);
    expect(await server.settled(outside)).toEqual([0]);
    expect((await push(ann, "g2", "a%20b")).status).toBe(400);
  });

  test("pokes from its mutators, if they are done", async () => {
    const room = newRoom("team");
    app.mutator("announce", async ({ tx, args }) => {
      await tx.sync.poke(room);
      if (args === "fail") throw new Error("it failed");
    });
    const ann = await server.signUp("gray");
    const client = await server.stream(await server.signUp("gray"), [room]);
    const call = (id: number, args: string) => ({ id, name: "announce", args, timestamp: 1, clientID: "mc" });
    const send = (mutation: object) =>
      server.post(ann, "/push", { clientGroupID: "m", mutations: [mutation], pushVersion: 1, schemaVersion: "" });
    expect((await send(call(1, "fail"))).status).toBe(500);
    expect(await server.settled(client)).toEqual([0]);
    const before = client.pokes();
    expect((await send(call(1, "go"))).status).toBe(200);
    await client.until(before + 1);
  });
});

test("rooms and rules of pokes must be valid", async () => {
  expect(() => app.sync.room("a b", { join: "" })).toThrow(UserError);
  expect(() => app.sync.room("ok", { join: "nothing = 1" })).toThrow('The rule of room "ok"');
  expect(() => app.sync.user("members", { poke: "" })).toThrow("has no users");
  expect(() => app.sync.user("users", { poke: "nothing = 1" })).toThrow(UserError);
  expect(String(await refusal(app.sync.poke("undeclared")))).toContain('There is no room "undeclared"');
  expect(await refusal(app.sync.poke("nothing/id"))).toMatchObject({ status: 404 });
});

test("pokes are logged at debug", async () => {
  const ann = await server.signUp("log");
  await app.sync.poke("team:log");
  await app.sync.poke(ann);
  const pokes = log.filter(({ msg }) => msg === "poke");
  expect(pokes.slice(-2)).toMatchObject([
    { level: 20, room: "team:log", clients: 0 },
    { level: 20, user: expect.stringContaining(ann.id), clients: 0 },
  ]);
});
