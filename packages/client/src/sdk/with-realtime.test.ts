import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import PocketBase, { type RecordSubscription } from "pocketbase";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PRIVATE_NOTES, PUBLIC_NOTES, TEAM_NOTES } from "@headwater/testing/servers/collections.ts";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { hasPocketBase, type ServerKind } from "@headwater/testing/servers/server-command.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { realtimeOf, withRealtime } from "../index.ts";

setDefaultTimeout(60_000);

const LIMITS = { minMs: 1, baseMs: 5, maxMs: 20 } as const;

/** Also with PocketBase if it is installed: users of the SDK must be able to use either server. */
const KINDS: readonly ServerKind[] = hasPocketBase ? ["headwater", "pocketbase"] : ["headwater"];

for (const kind of KINDS) {
  let server: ServerProcess;
  let admin: SuperuserClient;
  const instances: PocketBase[] = [];

  beforeAll(async () => {
    server = await startServer({ kind });
    admin = await SuperuserClient.signIn(server.url);
    for (const definition of [PUBLIC_NOTES, PRIVATE_NOTES, TEAM_NOTES]) await admin.createCollection(definition);
  });

  afterAll(async () => {
    for (const pb of instances) realtimeOf(pb)?.close();
    await server[Symbol.asyncDispose]();
  });

  const newSdk = (): PocketBase => {
    const pb = withRealtime(new PocketBase(server.url), { limits: LIMITS });
    pb.autoCancellation(false);
    instances.push(pb);
    return pb;
  };

  const watch = async (pb: PocketBase, collection: string, topic: string, options = {}) => {
    const inbox = new Inbox<RecordSubscription>();
    const unsubscribe = await pb.collection(collection).subscribe(topic, (event) => inbox.push(event), options);
    return { inbox, unsubscribe };
  };

  test(`${kind}: the SDK's subscriptions get the same events as over its own connection`, async () => {
    const pb = newSdk();
    const { inbox } = await watch(pb, "notes", "*");
    const created = await pb.collection("notes").create({ title: "live" });
    const updated = await pb.collection("notes").update(created.id, { title: "still live" });
    await pb.collection("notes").delete(created.id);
    await inbox.until((events) => events.length === 3);
    expect(inbox.items).toEqual([
      { action: "create", record: created },
      { action: "update", record: updated },
      { action: "delete", record: updated },
    ]);
  });

  test(`${kind}: one record, options, and several callbacks on one topic`, async () => {
    const pb = newSdk();
    const [one, other] = [await admin.create("notes", { title: "1" }), await admin.create("notes", { title: "2" })];
    const [first, second] = [
      await watch(pb, "notes", one.id, { fields: "title" }),
      await watch(pb, "notes", one.id, { fields: "title" }),
    ];
    const red = await watch(pb, "team_notes", "*", { headers: { "X-Team": "red" } });
    await admin.update("notes", other.id, { title: "2b" });
    await admin.update("notes", one.id, { title: "1b" });
    for (const team of ["blue", "red"]) await admin.create("team_notes", { team });
    await red.inbox.until((events) => events.length === 1);
    for (const { inbox } of [first, second]) {
      await inbox.until((events) => events.length === 1);
      expect(inbox.items as unknown[]).toEqual([{ action: "update", record: { title: "1b" } }]);
    }
    expect(red.inbox.items).toMatchObject([{ record: { team: "red" } }]);
  });

  test(`${kind}: each of the SDK's ways to unsubscribe stops the events, and the last one closes the connection`, async () => {
    const pb = newSdk();
    const keep = await watch(pb, "notes", "*");
    const byHandle = await watch(pb, "notes", "*");
    const byTopic = await watch(pb, "diaries", "*");
    const byPrefix = await watch(pb, "team_notes", "*");
    await byHandle.unsubscribe();
    await pb.collection("diaries").unsubscribe("*");
    await pb.realtime.unsubscribeByPrefix("team_notes/");
    expect(realtimeOf(pb)!.names).toHaveLength(1);
    await admin.create("notes", { title: "for one" });
    await keep.inbox.until((events) => events.length === 1);
    expect([byHandle, byTopic, byPrefix].flatMap(({ inbox }) => inbox.items)).toEqual([]);
    expect(pb.realtime.isConnected).toBe(true);
    await pb.realtime.unsubscribe();
    expect(pb.realtime.isConnected).toBe(false);
    expect(realtimeOf(pb)!.state.kind).toBe("closed");
  });

  test(`${kind}: PB_CONNECT is delivered with the client id, and onDisconnect with the active subscriptions`, async () => {
    const pb = newSdk();
    const connected = new Inbox<unknown>();
    await pb.realtime.subscribe("PB_CONNECT", (event) => connected.push(event));
    const gone = new Inbox<string[]>();
    pb.realtime.onDisconnect = (active) => gone.push(active);
    await watch(pb, "notes", "*");
    await connected.until((events) => events.length === 1);
    expect(connected.items).toEqual([{ clientId: pb.realtime.clientId }]);
    await pb.realtime.unsubscribe("notes/*");
    await gone.until((events) => events.length === 1);
    expect(gone.items).toEqual([[]]);
  });

  test(`${kind}: a sign-in also applies to the stream`, async () => {
    const pb = newSdk();
    const name = `ann${instances.length}`;
    const { id } = await admin.createUser(name);
    const { inbox } = await watch(pb, "diaries", "*");
    await admin.create("diaries", { title: "before", owner: id });
    await pb.collection("users").authWithPassword(`${name}@example.com`, "1234567890");
    // The sign-in doesn't wait for the stream, but this later subscription does.
    await watch(pb, "notes", "*");
    await admin.create("diaries", { title: "mine", owner: id });
    await inbox.until((events) => events.some(({ record }) => record["title"] === "mine"));
    const titles = inbox.items.map(({ record }) => String(record["title"]));
    // A server with a log resumes as the user, from the guest's cursor.
    expect(titles.at(-1)).toBe("mine");
  });
}

test("the SDK loses no events when the server restarts", async () => {
  let server = await startServer();
  const admin = await SuperuserClient.signIn(server.url);
  await admin.createCollection(PUBLIC_NOTES);
  const pb = withRealtime(new PocketBase(server.url), { limits: LIMITS });
  const inbox = new Inbox<RecordSubscription>();
  await pb.collection("notes").subscribe("*", (event) => inbox.push(event));
  await admin.create("notes", { title: "1" });
  await inbox.until((events) => events.length === 1);
  const { dir, port } = server;
  await server.stop();
  const elsewhere = await startServer({ dir });
  for (const title of ["2", "3"]) await admin.at(elsewhere.url).create("notes", { title });
  await elsewhere.stop();
  const before = server;
  server = await startServer({ dir, port });
  await admin.create("notes", { title: "4" });
  await inbox.until((events) => events.length === 4);
  expect(inbox.items.map(({ record }) => record["title"])).toEqual(["1", "2", "3", "4"]);
  realtimeOf(pb)!.close();
  await server[Symbol.asyncDispose]();
  await before[Symbol.asyncDispose]();
});
