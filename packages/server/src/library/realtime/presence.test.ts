import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import type { PresenceEvent, PresenceOption } from "@headwater/protocol";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { openLibraryApp } from "../../testing/library-app.ts";
import { play } from "../../testing/scenario.ts";
import { defineCollection } from "../collections/define-collection.ts";
import { text } from "../collections/fields.ts";

setDefaultTimeout(60_000);

const documents = defineCollection("documents", {
  fields: { title: text(), owner: text() },
  listRule: "",
  viewRule: "title = 'public' || owner = @request.auth.id",
  updateRule: "",
});
const { app } = await openLibraryApp({ collections: [documents], presenceGraceMs: 2_000 });
const { url } = app.start();
const open: SseClient[] = [];
afterAll(() => open.forEach((client) => client.close()));

async function signUp(name: string): Promise<{ readonly id: string; readonly token: string }> {
  const account = { email: `${name}@example.com`, password: "1234567890" };
  const { id } = await app.records("users").create(account);
  const body = { identity: account.email, password: account.password };
  const signed = await play(url, { method: "POST", path: "/api/collections/users/auth-with-password", body });
  return { id, token: ((await signed.json()) as { token: string }).token };
}

interface Present {
  readonly client: SseClient;
  /** Announces another state, or leaves. */
  say(wish: PresenceOption | undefined): Promise<number>;
}

const optionsOf = (wish: unknown): string =>
  `?options=${encodeURIComponent(JSON.stringify({ query: { presence: JSON.stringify(wish) } }))}`;

async function enter(room: string, wish: PresenceOption | undefined, token?: string): Promise<Present> {
  const client = await SseClient.connect(url);
  open.push(client);
  const say = async (said: PresenceOption | undefined): Promise<number> =>
    (await client.submit(said === undefined ? [] : [`@${room}${optionsOf(said)}`], token)).status;
  await say(wish);
  return { client, say };
}

const received = ({ client }: Present): PresenceEvent[] =>
  client.events.map(({ data }) => JSON.parse(data) as PresenceEvent).filter((event) => "presence" in event);
/** Each event in short: its type, the count, and the states. */
const short = (present: Present): unknown[] =>
  received(present).map((event) => {
    if (event.presence === "members") return ["members", event.count, ...event.members.map(({ state }) => state)];
    return "member" in event ? [event.presence, event.count, event.member.state] : [event.presence, event.count];
  });
const until = (present: Present, count: number): Promise<unknown> =>
  present.client.inbox.until(() => received(present).length >= count);

test("a new member gets all members, and the others get its join, updates and leave", async () => {
  const ann = await enter("lobby", { state: "ann" });
  await until(ann, 1);
  const bob = await enter("lobby/*", { state: "bob" });
  await Promise.all([until(ann, 2), until(bob, 1)]);
  expect(await bob.say({ state: "bob, writing" })).toBe(204);
  await until(ann, 3);
  expect(app.realtime.getPresence("lobby").map(({ state }) => state)).toEqual(["ann", "bob, writing"]);
  await bob.say(undefined);
  await until(ann, 4);
  expect(short(ann)).toEqual([
    ["members", 1, "ann"],
    ["join", 2, "bob"],
    ["update", 2, "bob, writing"],
    ["leave", 1, "bob, writing"],
  ]);
  expect(short(bob)).toEqual([
    ["members", 2, "ann", "bob"],
    ["members", 2, "ann", "bob, writing"],
  ]);
});

test("a member that disconnects leaves after the grace period, unless it reconnects before", async () => {
  const watcher = await enter("hall", { state: "watcher" });
  const { token } = await signUp("kim");
  const stays = await enter("hall", { key: "k1", state: 1 }, token);
  const goes = await enter("hall", { key: "k2", state: 2 }, token);
  await until(watcher, 1);
  await watcher.client.inbox.until(() => app.realtime.getPresence("hall").length === 3);
  const before = app.realtime.getPresence("hall");
  stays.client.close();
  goes.client.close();
  const back = await enter("hall", { key: "k1", state: 1 }, token);
  await until(back, 1);
  await watcher.client.inbox.until(() => short(watcher).some((event) => String(event).startsWith("leave")));
  expect(short(watcher).filter((event) => /^(leave|update)/.test(String(event)))).toEqual([["leave", 2, 2]]);
  const after = app.realtime.getPresence("hall");
  expect(after).toEqual(before.filter(({ state }) => state !== 2));
});

test("all connections of an account are one member, unless they have different keys", async () => {
  const { id, token } = await signUp("ann");
  const [one, two] = [await enter("desk", { state: 1 }, token), await enter("desk", { state: 2 }, token)];
  const third = await enter("desk", { state: 3, key: "phone" }, token);
  await Promise.all([until(one, 1), until(two, 1), until(third, 1)]);
  const members = app.realtime.getPresence("desk");
  expect(members.map(({ state, auth }) => [state, auth])).toEqual([
    [2, { collection: "users", id }],
    [3, { collection: "users", id }],
  ]);
});

test("only clients that may see a record are present at it, as long as they may", async () => {
  const { id, token } = await signUp("bea");
  const document = await app.records("documents").create({ title: "draft", owner: id });
  const topic = `documents/${document.id}`;
  const owner = await enter(topic, { state: "owner" }, token);
  const guest = await enter(topic, { state: "guest" });
  await until(owner, 1);
  expect([short(owner), short(guest)]).toEqual([[["members", 1, "owner"]], []]);

  await app.records("documents").update(document.id, { title: "public" });
  await guest.say({ state: "guest" });
  await Promise.all([until(owner, 2), until(guest, 1)]);
  expect(app.realtime.getPresence(topic)).toHaveLength(2);
  await app.records("documents").update(document.id, { title: "draft" });
  await owner.say({ state: "alone again" });
  await until(owner, 3);
  expect(short(guest)).toEqual([["members", 2, "owner", "guest"]]);
  expect(app.realtime.getPresence(topic).map(({ state }) => state)).toEqual(["alone again"]);
});

test("a member that is signed out becomes a guest", async () => {
  const { id, token } = await signUp("cleo");
  const watcher = await enter("porch", { state: "watcher" });
  await until(watcher, 1);
  const cleo = await enter("porch", { state: "cleo" }, token);
  await until(watcher, 2);
  await app.records("users").update(id, { password: "another one" });
  await watcher.client.inbox.until(() => app.realtime.getPresence("porch").every(({ auth }) => auth === null));
  expect(app.realtime.getPresence("porch")).toHaveLength(2);
  cleo.client.close();
});

test("a room with more than a hundred members sends counts, and members again when it is smaller", async () => {
  const crowd = await Promise.all(Array.from({ length: 102 }, (_, i) => enter("stadium", { key: `k${i}`, state: i })));
  const [first, ...others] = crowd as [Present, ...Present[]];
  await first.client.inbox.until(() =>
    received(first).some(({ presence, count }) => presence === "count" && count === 102),
  );
  await Promise.all(others.slice(0, 10).map((one) => one.say(undefined)));
  await first.client.inbox.until(() => received(first).at(-1)?.presence === "members");
  expect(received(first).at(-1)).toMatchObject({ presence: "members", count: 92 });
});

test("an invalid presence is refused", async () => {
  const { say } = await enter("lobby", undefined);
  expect(await say({ state: "x".repeat(2_000) })).toBe(400);
  expect(await say({ key: 7 as never })).toBe(400);
  expect(await say([] as never)).toBe(400);
});

test("a client that announces no presence watches the room without being a member", async () => {
  const client = await SseClient.connect(url);
  open.push(client);
  await client.subscribe(["@gallery"]);
  await client.inbox.until(({ length }) => length === 1);
  await enter("gallery", { state: "artist" });
  await client.inbox.until(({ length }) => length === 2);
  expect(client.events.map(({ data }) => JSON.parse(data) as PresenceEvent)).toMatchObject([
    { presence: "members", count: 0, members: [] },
    { presence: "join", count: 1, member: { state: "artist" } },
  ]);
});
