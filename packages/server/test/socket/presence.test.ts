import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import type { PresenceMessage } from "@headwater/protocol";
import { openLibraryApp } from "../../src/testing/library-app.ts";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";

setDefaultTimeout(60_000);

const { app } = await openLibraryApp({ presenceGraceMs: 2_000 });
app.realtime.channel("staff", { subscribe: null });
const { url } = app.start();
const open: SocketClient[] = [];
afterAll(() => open.forEach((client) => client.close()));

async function connect(): Promise<SocketClient> {
  const client = await SocketClient.connect(url);
  open.push(client);
  return client;
}

const presenceOf = (client: SocketClient): PresenceMessage[] => client.all("presence");
const until = (client: SocketClient, count: number): Promise<void> =>
  client.inbox.until(() => presenceOf(client).length >= count);

test("members of a presence channel see each other; plain subscribers do not", async () => {
  const [ann, bob, listener] = [await connect(), await connect(), await connect()];
  await listener.subscribe("room.*");
  await ann.subscribe("@room.*", { presence: { state: "ann" } });
  await until(ann, 1);
  await bob.subscribe("@room.*", { presence: { state: "bob" } });
  await Promise.all([until(ann, 2), until(bob, 1)]);
  await bob.subscribe("@room.*", { presence: { state: "bob is typing" } });
  await until(ann, 3);
  bob.send({ type: "unsubscribe", pattern: "@room.*" });
  await until(ann, 4);
  expect(presenceOf(ann)).toMatchObject([
    { presence: "members", count: 1, members: [{ state: "ann", auth: null }], patterns: ["@room.*"] },
    { presence: "join", count: 2, member: { state: "bob" } },
    { presence: "update", count: 2, member: { state: "bob is typing" } },
    { presence: "leave", count: 1, member: { state: "bob is typing" } },
  ]);
  expect(presenceOf(ann)[0]).toMatchObject({ type: "presence", timestamp: expect.any(String) });
  expect(presenceOf(bob)[0]).toMatchObject({ presence: "members", count: 2 });
  expect(presenceOf(listener)).toEqual([]);
});

test("unsubscribing and disconnecting end presence; other subscriptions do not", async () => {
  const [watcher, guest] = [await connect(), await connect()];
  await watcher.subscribe("@yard.*", { presence: { state: "watcher" } });
  await until(watcher, 1);
  await guest.subscribe("@yard.*", { presence: { state: "guest" } });
  await guest.subscribe("@other.*", { presence: { state: "elsewhere" } });
  await Promise.all([until(watcher, 2), until(guest, 2)]);
  expect(app.realtime.getPresence("other").map(({ state }) => state)).toEqual(["elsewhere"]);
  guest.send({ type: "unsubscribe", pattern: "@yard.*" });
  await until(watcher, 3);
  expect(app.realtime.getPresence("other")).toHaveLength(1);
  const third = await connect();
  await third.subscribe("@yard.*", { presence: { state: "third" } });
  await until(watcher, 4);
  third.close();
  await until(watcher, 5);
  expect(presenceOf(watcher).map(({ presence, count }) => [presence, count])).toEqual([
    ["members", 1],
    ["join", 2],
    ["leave", 1],
    ["join", 2],
    ["leave", 1],
  ]);
});

test("presence shows a member's new identity after sign-in, and not members that may not subscribe", async () => {
  const account = { email: "ann@example.com", password: "1234567890" };
  const { id } = await app.records("users").create(account);
  const body = JSON.stringify({ identity: account.email, password: account.password });
  const headers = { "Content-Type": "application/json" };
  const signed = await fetch(`${url}/api/collections/users/auth-with-password`, { method: "POST", headers, body });
  const { token } = (await signed.json()) as { token: string };
  const client = await connect();
  await client.subscribe("@desk.*", { presence: { state: 1 } });
  await until(client, 1);
  client.send({ type: "auth", token });
  await until(client, 2);
  expect(presenceOf(client)).toMatchObject([
    { presence: "members", members: [{ auth: null }] },
    { presence: "members", members: [{ auth: { collection: "users", id } }] },
  ]);
  client.send({ type: "subscribe", pattern: "@staff.*", presence: {} });
  client.send({ type: "subscribe", pattern: "@desk.*", presence: { state: "x".repeat(2_000) } });
  await client.inbox.until(() => client.all("error").length === 2);
  expect(client.all("error").map(({ code }) => code)).toEqual(["forbidden", "bad_presence"]);
  expect(app.realtime.getPresence("staff")).toEqual([]);
});

test("guests with the same key are different members", async () => {
  const [one, other] = [await connect(), await connect()];
  await one.subscribe("@booth.*", { presence: { state: "one", key: "shared" } });
  await until(one, 1);
  await other.subscribe("@booth.*", { presence: { state: "other", key: "shared" } });
  await until(one, 2);
  expect(presenceOf(one)[1]).toMatchObject({ presence: "join", count: 2, member: { state: "other" } });
});

/** Creates an account and signs it in. */
async function signUp(name: string): Promise<{ readonly id: string; readonly client: SocketClient }> {
  const email = `${name}@hidden.example`;
  const { id } = await app.records("users").create({ email, password: "1234567890" });
  const signedIn = await fetch(`${url}/api/collections/users/auth-with-password`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ identity: email, password: "1234567890" }),
  });
  const { token } = (await signedIn.json()) as { token: string };
  const client = await SocketClient.connect(url, { headers: { authorization: token } });
  open.push(client);
  return { id, client };
}

test("members are shown without their account to those who may not see it", async () => {
  // The view rule of `users` shows each account to itself alone.
  const [cara, dan, guest] = [await signUp("cara"), await signUp("dan"), await connect()];
  await guest.subscribe("@gate.*");
  await until(guest, 1);
  await cara.client.subscribe("@gate.*", { presence: { state: "cara" } });
  await Promise.all([until(guest, 2), until(cara.client, 1)]);
  await dan.client.subscribe("@gate.*", { presence: { state: "dan" } });
  await Promise.all([until(guest, 3), until(cara.client, 2), until(dan.client, 1)]);
  dan.client.close();
  await Promise.all([until(guest, 4), until(cara.client, 3)]);
  expect(presenceOf(dan.client)).toMatchObject([
    {
      members: [
        { state: "cara", auth: null },
        { state: "dan", auth: { collection: "users", id: dan.id } },
      ],
    },
  ]);
  expect(presenceOf(cara.client).slice(1)).toMatchObject([
    { presence: "join", count: 2, member: { state: "dan", auth: null } },
    { presence: "leave", count: 1, member: { state: "dan", auth: null } },
  ]);
  expect(presenceOf(cara.client)[0]).toMatchObject({ members: [{ auth: { id: cara.id } }] });
  const text = JSON.stringify(presenceOf(guest));
  expect(text).not.toContain(cara.id);
  expect(text).not.toContain(dan.id);
  // The application itself sees them.
  expect(app.realtime.getPresence("gate").map(({ auth }) => auth?.id)).toEqual([cara.id]);
});
