import { afterAll, beforeAll, describe, expect, setDefaultTimeout, spyOn, test } from "bun:test";
import { SuperuserClient, type ApiModel } from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { hasPocketBase, type ServerKind } from "@headwater/testing/servers/server-command.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { compareBySort } from "./compare-records.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { seededMathRandom } from "@headwater/testing/lib/seeded-random.ts";
import { Client, filter, type LiveChange, memoryStore, type RecordModel } from "../index.ts";
import { LiveList } from "./live-list.ts";

setDefaultTimeout(120_000);

const SEED = Number(process.env["HEADWATER_SEED"] ?? Date.now() % 1e9);
const KINDS: readonly ServerKind[] = hasPocketBase ? ["headwater", "pocketbase"] : ["headwater"];

type Change = LiveChange<RecordModel>;

/** Applies the changes to the items. */
function replay(items: readonly RecordModel[], changes: readonly Change[]): readonly RecordModel[] {
  let list = [...items];
  for (const change of changes) {
    if (change.kind === "reset") list = [...change.items];
    if (change.kind === "remove") list.splice(change.index, 1);
    if (change.kind === "update") list.splice(change.from, 1);
    if (change.kind === "insert" || change.kind === "update") list.splice(change.index, 0, change.record);
  }
  return list;
}

const fieldsOf = (items: readonly RecordModel[]): unknown[] => items.map(({ id, count, title }) => [id, count, title]);

describe.each(KINDS)("with %s", (kind) => {
  let server: ServerProcess;
  let admin: SuperuserClient;
  const clients: Client[] = [];

  beforeAll(async () => {
    server = await startServer({ kind });
    admin = await SuperuserClient.signIn(server.url);
    await admin.createCollection(PUBLIC_NOTES);
  });

  afterAll(async () => {
    for (const client of clients) client.close();
    await server[Symbol.asyncDispose]();
  });

  const newClient = (): Client => {
    const client = new Client(server.url, { store: memoryStore(), limits: { minMs: 1, baseMs: 5, maxMs: 30 } });
    clients.push(client);
    return client;
  };

  /** Resolves when the list has all writes before this call. */
  async function settled(list: LiveList<RecordModel>, title: string): Promise<void> {
    const received = new Inbox<Change>();
    const stop = list.onChange((change) => received.push(change));
    const marker = await admin.create("notes", { title, count: 1_000_000 });
    await received.until(() => list.items.some(({ id }) => id === marker.id));
    stop();
  }

  test(`a list opened during writes equals the list on the server (HEADWATER_SEED=${SEED})`, async () => {
    const random = seededMathRandom(SEED);
    const word = `word${Math.floor(random() * 1e9)}`;
    const notes: ApiModel[] = [];
    for (let i = 0; i < 30; i += 1)
      notes.push(await admin.create("notes", { title: word, count: Math.floor(random() * 10) }));
    const opened = new AbortController();
    const writer = (async () => {
      for (let i = 0; !opened.signal.aborted || i < 60; i += 1) {
        const at = Math.floor(random() * notes.length);
        const chance = random();
        const title = random() < 0.3 ? "elsewhere" : word;
        if (chance < 0.3) notes.push(await admin.create("notes", { title, count: i % 7 }));
        else if (chance < 0.5) {
          const [removed] = notes.splice(at, 1);
          if (removed) await admin.request("DELETE", `/api/collections/notes/records/${removed.id}`);
        } else if (notes[at]) await admin.update("notes", notes[at].id, { title, count: Math.floor(random() * 10) });
      }
    })();
    const options = { filter: filter`title ~ ${word}`, sort: "-count,title" };
    const list = await newClient().collection("notes").live(options);
    const [first, changes] = [list.items, [] as Change[]];
    list.onChange((change) => changes.push(change));
    opened.abort();
    await writer;
    await settled(list, `${word} end`);
    const page = await newClient()
      .collection("notes")
      .list({ ...options, sort: "-count,title,id", perPage: 1_000 });
    expect(fieldsOf(list.items)).toEqual(fieldsOf(page.items));
    expect(fieldsOf(replay(first, changes))).toEqual(fieldsOf(list.items));
    list.close();
  });

  test("after a lost connection, the list is correct and has emitted the changes", async () => {
    const word = `cut${SEED}`;
    const kept = await admin.create("notes", { title: word, count: 1 });
    const removed = await admin.create("notes", { title: word, count: 2 });
    let isCut = false;
    const open = new Set<AbortController>();
    const client = new Client(server.url, {
      store: memoryStore(),
      transport: "sse",
      limits: { minMs: 1, baseMs: 5, maxMs: 30, maxRetryAfterMs: 20 },
      fetch(url, init) {
        if (isCut) return Promise.reject(new TypeError("no network"));
        const cut = new AbortController();
        open.add(cut);
        return fetch(url, { ...init, signal: AbortSignal.any([cut.signal, ...(init.signal ? [init.signal] : [])]) });
      },
    });
    clients.push(client);
    const list = await client.collection("notes").live({ filter: filter`title ~ ${word}`, sort: "count" });
    expect(list.items.map(({ id }) => id)).toEqual([kept.id, removed.id]);
    isCut = true;
    for (const cut of open) cut.abort();
    await admin.request("DELETE", `/api/collections/notes/records/${removed.id}`);
    const added = await admin.create("notes", { title: word, count: 0 });
    isCut = false;
    const received = new Inbox<Change>();
    list.onChange((change) => received.push(change));
    await received.until(() => list.items.length === 2 && list.items[0]!.id === added.id);
    expect(list.items.map(({ id }) => id)).toEqual([added.id, kept.id]);
    list.close();
  });

  test("an invalid list fails at once, and closing a list ends its loops", async () => {
    const notes = newClient().collection("notes");
    expect(await rejectionOf(notes.live({ filter: "title ~" }))).toMatchObject({ code: "invalid" });
    const list = await notes.live({ filter: filter`title = ${"nobody"}` });
    setTimeout(() => list.close());
    for await (const _ of list) throw new Error("nothing was written");
    expect(list.error).toBeUndefined();
  });
});

test("a listener that throws doesn't keep changes from the others", () => {
  const list = new LiveList<RecordModel>(compareBySort("title"), () => undefined);
  const errors = spyOn(globalThis, "reportError").mockImplementation(() => undefined);
  try {
    const changes: string[] = [];
    list.onChange(() => {
      throw new Error("of the app");
    });
    list.onChange(({ kind }) => changes.push(kind));
    list.reset([]);
    list.put({ id: "a", collectionId: "c", collectionName: "notes" });
    expect(changes).toEqual(["reset", "insert"]);
    expect(errors).toHaveBeenCalledTimes(2);
  } finally {
    errors.mockRestore();
  }
});
