import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type PocketBase from "pocketbase";
import { ARTICLES, PRIVATE_NOTES, PUBLIC_NOTES, TEAM_NOTES } from "@headwater/testing/servers/collections.ts";
import { sdk, signUp, superuserSdk, userId, watch } from "@headwater/testing/clients/sdk.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
let superuser: PocketBase;

beforeAll(async () => {
  server = await startServer();
  superuser = await superuserSdk(server.url);
  for (const definition of [PUBLIC_NOTES, PRIVATE_NOTES, ARTICLES, TEAM_NOTES])
    await superuser.collections.create(definition);
});

afterAll(() => server[Symbol.asyncDispose]());

test("subscriptions to a collection get each create, update and delete", async () => {
  const pb = sdk(server.url);
  const seen = await watch(pb, "notes", "*");
  const created = await pb.collection("notes").create({ title: "live", count: 1 });
  await seen.until((events) => events.length === 1);
  const updated = await pb.collection("notes").update(created.id, { title: "still live" });
  await seen.until((events) => events.length === 2);
  await pb.collection("notes").delete(created.id);
  await seen.until((events) => events.length === 3);
  expect(seen.items).toEqual([
    { action: "create", record: created },
    { action: "update", record: updated },
    { action: "delete", record: updated },
  ]);
  await pb.realtime.unsubscribe();
});

test("subscriptions to one record get no events of others", async () => {
  const pb = sdk(server.url);
  const [one, other] = [
    await pb.collection("notes").create({ title: "one" }),
    await pb.collection("notes").create({ title: "other" }),
  ];
  const seen = await watch(pb, "notes", one.id);
  await pb.collection("notes").update(other.id, { title: "other, changed" });
  await pb.collection("notes").update(one.id, { title: "one, changed" });
  await seen.until((events) => events.length === 1);
  expect(seen.items).toMatchObject([{ action: "update", record: { id: one.id, title: "one, changed" } }]);
  await pb.realtime.unsubscribe();
});

test("subscriptions send users their own records, a superuser all records, and a guest none", async () => {
  const [ann, bob, guest] = [await signUp(server.url, "ann"), await signUp(server.url, "bob"), sdk(server.url)];
  const [annSaw, bobSaw, guestSaw, superuserSaw] = await Promise.all(
    [ann, bob, guest, superuser].map((pb) => watch(pb, "diaries", "*")),
  );
  for (const pb of [ann, bob]) {
    await pb.collection("diaries").create({ title: `of ${pb.authStore.record!["name"]}`, owner: userId(pb) });
  }
  const titles = (saw: typeof annSaw): string[] => saw!.items.map(({ record }) => String(record["title"]));
  await Promise.all([
    annSaw!.until((events) => events.length === 1),
    bobSaw!.until((events) => events.length === 1),
    superuserSaw!.until((events) => events.length === 2),
  ]);
  // A public event shows that the guest's stream works.
  const guestNotes = await watch(guest, "notes", "*");
  await superuser.collection("notes").create({ title: "for all" });
  await guestNotes.until((events) => events.length === 1);
  expect([titles(annSaw), titles(bobSaw), titles(superuserSaw).toSorted(), titles(guestSaw)]).toEqual([
    ["of ann"],
    ["of bob"],
    ["of ann", "of bob"],
    [],
  ]);
  await Promise.all([ann, bob, guest, superuser].map((pb) => pb.realtime.unsubscribe()));
});

test("an unsubscribed topic gets no more events, and the other topics continue", async () => {
  const pb = sdk(server.url);
  const [notes, superuserNotes] = [await watch(pb, "notes", "*"), await watch(superuser, "notes", "*")];
  const kept = await watch(pb, "articles", "*");
  await pb.collection("notes").create({ title: "seen" });
  await notes.until((events) => events.length === 1);
  await pb.collection("notes").unsubscribe("*");
  await pb.collection("notes").create({ title: "not seen" });
  await superuserNotes.until((events) => events.length === 2);
  await superuser.collection("articles").create({ title: "seen too" });
  await kept.until((events) => events.length === 1);
  expect(notes.items).toHaveLength(1);
  await Promise.all([pb, superuser].map((client) => client.realtime.unsubscribe()));
  expect(pb.realtime.isConnected).toBe(false);
});

test("subscriptions support fields, expand, filter, and headers that a rule reads", async () => {
  const [pb, author] = [sdk(server.url), await signUp(server.url, "columnist")];
  await superuser.collection("users").update(userId(author), { emailVisibility: true });
  await superuser.collections.update("users", { viewRule: "" });
  const short = await watch(pb, "articles", "*", { fields: "title,expand.author.name", expand: "author" });
  const high = await watch(pb, "articles", "*", { filter: "rank > 10", fields: "title" });
  const red = await watch(pb, "team_notes", "*", { headers: { "X-Team": "red" } });

  for (const rank of [1, 11]) {
    await superuser.collection("articles").create({ title: `rank ${rank}`, rank, author: userId(author) });
    await short.until((events) => events.length === (rank === 1 ? 1 : 2));
  }
  for (const team of ["blue", "red"]) await superuser.collection("team_notes").create({ team, title: team });
  await high.until((events) => events.length === 1);
  await red.until((events) => events.length === 1);
  const [shortItems, highItems]: (readonly unknown[])[] = [short.items, high.items];
  expect(shortItems).toEqual([
    { action: "create", record: { title: "rank 1", expand: { author: { name: "columnist" } } } },
    { action: "create", record: { title: "rank 11", expand: { author: { name: "columnist" } } } },
  ]);
  expect(highItems).toEqual([{ action: "create", record: { title: "rank 11" } }]);
  expect(red.items).toMatchObject([{ record: { team: "red" } }]);
  await pb.realtime.unsubscribe();
});

test("subscriptions are restored after the server restarts", async () => {
  const first = await startServer();
  const root = await superuserSdk(first.url);
  await root.collections.create(PUBLIC_NOTES);
  const pb = sdk(first.url);
  const connects: string[] = [];
  await pb.realtime.subscribe("PB_CONNECT", ({ clientId }: { clientId: string }) => connects.push(clientId));
  const seen = await watch(pb, "notes", "*");
  await first.stop("SIGTERM");
  const second = await startServer({ dir: first.dir, port: first.port });
  // Write until an event arrives: only the SDK knows when it has reconnected.
  while (seen.items.length === 0) {
    await root.collection("notes").create({ title: "after the restart" });
    await Bun.sleep(100);
  }
  expect(seen.items[0]).toMatchObject({ action: "create", record: { title: "after the restart" } });
  expect(new Set(connects).size).toBe(connects.length);
  expect(connects.length).toBeGreaterThanOrEqual(2);
  await pb.realtime.unsubscribe();
  await second[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
});
