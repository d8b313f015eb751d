import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { PresenceEvent } from "@headwater/protocol";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { Client, memoryStore, presence } from "../index.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
let admin: SuperuserClient;

beforeAll(async () => {
  server = await startServer({ args: ["--presence-grace", "0"] });
  admin = await SuperuserClient.signIn(server.url);
  for (const name of ["ann", "bob"]) await admin.createUser(name);
});

afterAll(() => server[Symbol.asyncDispose]());

const inboxOf = (room: { onChange(listener: (event: PresenceEvent) => void): unknown }): Inbox<PresenceEvent> => {
  const inbox = new Inbox<PresenceEvent>();
  room.onChange((event) => inbox.push(event));
  return inbox;
};

describe.each(["sse", "websocket"] as const)("over %s", (transport) => {
  const join = async (name: string, state: unknown) => {
    const limits = { minMs: 1, baseMs: 5, maxMs: 20 };
    const client = new Client(server.url, { store: memoryStore(), transport, limits });
    await client.authenticate(`${name}@example.com`, "1234567890");
    const room = presence(client.realtime(), `room-${transport}`, { state });
    return { client, room, inbox: inboxOf(room) };
  };

  test("members see each other join, update and leave", async () => {
    const ann = await join("ann", { mood: "calm" });
    await ann.room.ready;
    await ann.inbox.until((events) => events.length > 0);
    expect(ann.room.members).toMatchObject([{ state: { mood: "calm" }, auth: { collection: "users" } }]);
    const bob = await join("bob", 1);
    await bob.inbox.until(() => bob.room.count === 2);
    await ann.inbox.until(() => ann.room.count === 2);
    expect(bob.room.members.map(({ state }) => state)).toEqual([{ mood: "calm" }, 1]);

    ann.room.set({ mood: "merry" });
    await bob.inbox.until((events) => events.some((event) => event.presence === "update"));
    expect(bob.room.members.map(({ state }) => state)).toContainEqual({ mood: "merry" });
    expect(bob.room.count).toBe(2);

    await bob.room.leave();
    await ann.inbox.until(() => ann.room.count === 1);
    expect(ann.room.members.map(({ state }) => state)).toEqual([{ mood: "merry" }]);
    for (const { client } of [ann, bob]) client.close();
  });

  test("a state that is too large is rejected", async () => {
    const { client, room } = await join("ann", "x".repeat(2_000));
    expect(await rejectionOf(room.ready)).toMatchObject({ code: "invalid" });
    client.close();
  });
});
