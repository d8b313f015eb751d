import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { integer, sample } from "fast-check";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { readChanges } from "@headwater/testing/servers/read-database.ts";
import { PRIVATE_NOTES, PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import type { ReceivedEvent } from "@headwater/testing/clients/event-splitter.ts";
import { seqOfCursor } from "@headwater/testing/servers/cursors.ts";

setDefaultTimeout(120_000);

const ROUNDS = Number(process.env["HEADWATER_RESUME_ROUNDS"] ?? 4);
const SEED = Number(process.env["HEADWATER_SEED"] ?? Date.now() % 1e9);

const titles = ({ events }: SseClient): string[] =>
  events.map(({ data }) => (JSON.parse(data) as { record: { title: string } }).record.title);

const lastCursor = ({ events }: SseClient): string | undefined => events.findLast(({ id }) => id !== undefined)?.id;

test("a client that reconnects with its last event id gets missed events, then live ones", async () => {
  await using server = await startServer();
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PUBLIC_NOTES);
  const before = await SseClient.connect(server.url);
  await before.subscribe(["notes/*"]);
  await superuser.create("notes", { title: "seen" });
  await before.inbox.until((events) => events.length === 1);
  before.close();
  for (const title of ["missed 1", "missed 2"]) await superuser.create("notes", { title });

  const back = await SseClient.connect(server.url, { "Last-Event-ID": lastCursor(before)! });
  await back.subscribe(["notes/*"]);
  await superuser.create("notes", { title: "live" });
  await back.inbox.until((events) => events.length === 3);
  expect(titles(back)).toEqual(["missed 1", "missed 2", "live"]);
});

test("an EventSource that was cut before its first event gets what it missed since it connected", async () => {
  await using server = await startServer();
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PUBLIC_NOTES);
  const first = await SseClient.connect(server.url);
  await first.subscribe(["notes/*"]);
  first.close();
  await superuser.create("notes", { title: "missed" });
  const second = await SseClient.connect(server.url, { "Last-Event-ID": first.id });
  // Cut again, before it has subscribed: its last event id is that of the second connection.
  second.close();
  await superuser.create("notes", { title: "missed too" });
  const third = await SseClient.connect(server.url, { "Last-Event-ID": second.id });
  await third.subscribe(["notes/*"]);
  await superuser.create("notes", { title: "live" });
  await third.inbox.until((events) => events.length === 3);
  expect(titles(third)).toEqual(["missed", "missed too", "live"]);
});

test("an EventSource with the client id of another log gets a resync, and goes on", async () => {
  await using server = await startServer();
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PUBLIC_NOTES);
  await superuser.create("notes", { title: "before" });
  const client = await SseClient.connect(server.url, { "Last-Event-ID": "A".repeat(40) });
  await client.subscribe(["notes/*"]);
  await superuser.create("notes", { title: "after" });
  await client.inbox.until((events) => events.length === 2);
  const [resync, event] = client.events;
  expect([resync!.event, JSON.parse(resync!.data)]).toMatchObject([
    "resync",
    { reason: "unknown", cursor: resync!.id },
  ]);
  expect(JSON.parse(event!.data).record.title).toBe("after");
});

test("subscribing with a list's cursor leaves no gap, even under concurrent writes", async () => {
  await using server = await startServer();
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PUBLIC_NOTES);
  const total = 400;
  const writing = inParallel(total, 16, async (i) => {
    await superuser.create("notes", { title: `n${i}` });
  });
  const readers = Array.from({ length: 8 }, async () => {
    const list = await request<{ items: { title: string }[] }>(
      server.url,
      "GET",
      "/api/collections/notes/records?perPage=1000",
    );
    const client = await SseClient.connect(server.url);
    await client.subscribe(["notes/*"], undefined, list.headers.get("headwater-cursor")!);
    return { listed: list.body.items.map(({ title }) => title), client };
  });
  const joined = await Promise.all(readers);
  await writing;
  for (const { listed, client } of joined) {
    await client.inbox.until((events) => listed.length + events.length >= total);
    expect([...listed, ...titles(client)].toSorted()).toEqual(
      Array.from({ length: total }, (_, i) => `n${i}`).toSorted(),
    );
  }
});

test("missed events are checked against the rules for the user that reconnects", async () => {
  await using server = await startServer();
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PRIVATE_NOTES);
  const [ann, bob] = [await superuser.createUser("ann"), await superuser.createUser("bob")];
  const first = await SseClient.connect(server.url);
  await first.subscribe(["diaries/*"], ann.token);
  await superuser.create("diaries", { title: "ann 0", owner: ann.id });
  await first.inbox.until((events) => events.length === 1);
  first.close();
  for (const owner of [ann, bob, ann])
    await superuser.create("diaries", { title: owner === ann ? "of ann" : "of bob", owner: owner.id });

  const since = lastCursor(first)!;
  for (const [user, expected] of [
    [ann, ["of ann", "of ann"]],
    [bob, ["of bob"]],
  ] as const) {
    const back = await SseClient.connect(server.url);
    await back.subscribe(["diaries/*"], user.token, since);
    await back.inbox.until((events) => events.length === expected.length);
    expect(titles(back)).toEqual([...expected]);
  }
});

test("a cursor that this log did not issue gets a resync; text that is no cursor is an error", async () => {
  await using server = await startServer();
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PUBLIC_NOTES);
  await superuser.create("notes", { title: "x" });
  const client = await SseClient.connect(server.url);
  await client.subscribe(["notes/*"]);
  await superuser.create("notes", { title: "y" });
  await client.inbox.until((events) => events.length === 1);
  for (const since of ["0000000000.1", `a.${"A".repeat(22)}`, `${lastCursor(client)!.slice(0, -3)}AAA`]) {
    const lost = await SseClient.connect(server.url);
    await lost.subscribe(["notes/*"], undefined, since);
    await lost.inbox.until((events) => events.length === 1);
    const [{ event, id, data }] = lost.events as [ReceivedEvent];
    expect([event, JSON.parse(data)]).toEqual(["resync", { reason: "epoch", cursor: id, subscriptions: ["notes/*"] }]);
    expect(seqOfCursor(id)).toBe(seqOfCursor(lastCursor(client)));
  }
  const reply = await client.submit(["notes/*"], undefined, "yesterday");
  expect(reply).toMatchObject({ status: 400, body: { data: { since: { code: "validation_invalid_cursor" } } } });
});

test(`through ${ROUNDS} kills and restarts (HEADWATER_SEED=${SEED}), clients that reconnect get every change once, in log order`, async () => {
  using folder = tempDir();
  const dir = join(folder.path, "pb_data");
  const seen: string[][] = [[], [], []];
  // A client that received nothing reconnects with the cursor of its first list.
  const cursors: (string | undefined)[] = [];
  const delays = sample(integer({ min: 20, max: 300 }), { seed: SEED, numRuns: ROUNDS });
  for (const [round, delay] of delays.entries()) {
    const server = await startServer({ dir });
    const superuser = await SuperuserClient.signIn(server.url);
    if (round === 0) {
      await superuser.createCollection(PUBLIC_NOTES);
      const list = await request(server.url, "GET", "/api/collections/notes/records");
      cursors.push(...seen.map(() => list.headers.get("headwater-cursor")!));
    }
    const clients = await Promise.all(
      seen.map(async (_, i) => {
        const client = await SseClient.connect(server.url);
        await client.subscribe(["notes/*"], undefined, cursors[i]);
        return client;
      }),
    );
    // The writers fail when the server is killed; their responses do not matter here.
    const writers = inParallel(10_000, 12, async (i) => {
      await request(server.url, "POST", "/api/collections/notes/records", { body: { title: `r${round} n${i}` } });
    }).catch(() => undefined);
    await clients[0]!.inbox.until((events) => events.length > 0);
    await Bun.sleep(delay); // How long the load runs before the kill.
    await server.stop("SIGKILL");
    await Promise.all([writers, ...clients.map(({ ended }) => ended)]);
    for (const [i, client] of clients.entries()) {
      seen[i]!.push(...client.events.map(({ id }) => id!));
      cursors[i] = lastCursor(client) ?? cursors[i];
    }
  }

  await using server = await startServer({ dir });
  const log = (): string[] => readChanges(dir, "notes").map(({ seq }) => String(seq));
  const expected = log();
  await Promise.all(
    seen.map(async (ids, i) => {
      const client = await SseClient.connect(server.url);
      await client.subscribe(["notes/*"], undefined, cursors[i]);
      await client.inbox.until((events) => ids.length + events.length >= expected.length);
      ids.push(...client.events.map(({ id }) => id!));
    }),
  );
  for (const ids of seen) expect(ids.map((id) => String(seqOfCursor(id)))).toEqual(expected);
});
