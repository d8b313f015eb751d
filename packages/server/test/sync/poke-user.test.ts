import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { newRoom, RoomApp } from "./room-app.ts";

setDefaultTimeout(60_000);

const server = await RoomApp.open();

describe("poke-user", () => {
  test("for another user needs the rule, or a superuser", async () => {
    const [ann, bob, cleo] = [await server.signUp("t1"), await server.signUp("t1"), await server.signUp("t2")];
    const root = await server.signUp("", "_superusers");
    const [bobClient, cleoClient] = [await server.stream(bob), await server.stream(cleo)];
    expect(await server.post(ann, "/poke-user", { userId: bob.id })).toMatchObject({
      status: 200,
      body: { success: true, userId: bob.id, clientsNotified: 1 },
    });
    await bobClient.until(1);
    for (const userId of [cleo.id, "nobody"]) {
      expect(await server.post(ann, "/poke-user", { userId })).toMatchObject({ status: 403, body: { status: 403 } });
    }
    expect(await server.settled(cleoClient)).toEqual([0]);
    expect((await server.post(root, "/poke-user", { userId: cleo.id })).body).toMatchObject({ clientsNotified: 1 });
    expect((await server.post(root, "/poke-user", { userId: cleo.id, collection: "users" })).status).toBe(200);
    expect((await server.post(root, "/poke-user", { userId: "nobody" })).status).toBe(404);
    expect((await server.post(root, "/poke-user", { userId: cleo.id, collection: "members" })).status).toBe(400);
  });

  test("for oneself needs no body, and accepts one's own id", async () => {
    const ann = await server.signUp();
    const client = await server.stream(ann);
    for (const body of [undefined, {}, { userId: ann.id }, { userId: ann.id, collection: "users" }]) {
      expect((await server.post(ann, "/poke-user", body)).body).toMatchObject({ userId: ann.id, clientsNotified: 1 });
    }
    await client.until(1);
  });

  test("for a room needs its rule", async () => {
    const room = newRoom("team");
    const [ann, bob] = [await server.signUp("t3"), await server.signUp()];
    const client = await server.stream(ann, [room]);
    expect((await server.post(ann, "/poke-user", { room })).body).toMatchObject({
      success: true,
      room: room,
      clientsNotified: 1,
    });
    await client.until(1);
    expect(await server.post(bob, "/poke-user", { room })).toMatchObject({
      status: 403,
      body: { data: { room: { code: "forbidden_room" } } },
    });
    expect((await server.post(ann, "/poke-user", { room: "a b" })).body).toMatchObject({
      data: { room: { code: "validation_invalid_room" } },
    });
  });

  test.each([
    [{ user: "x" }, "user"],
    [{ user_id: "x" }, "user_id"],
    [{ userId: ["x"] }, "userId"],
    [{ userId: "" }, "userId"],
    [{ userId: "x", room: "y" }, "room"],
  ])("refuses %j and names what is wrong", async (body, field) => {
    const reply = await server.post(await server.signUp(), "/poke-user", body);
    expect(reply.status).toBe(400);
    expect(Object.keys(reply.body["data"] as object)).toEqual([field]);
  });

  test("reads the user from the URL as well", async () => {
    const [ann, cleo] = [await server.signUp("t1"), await server.signUp("t2")];
    expect((await server.post(ann, `/poke-user?userId=${cleo.id}`)).status).toBe(403);
  });
});
