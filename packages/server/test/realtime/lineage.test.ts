import { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { request } from "@headwater/testing/clients/request.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { hasPocketBase } from "@headwater/testing/servers/server-command.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(120_000);

/** What a client that comes back with a cursor gets, up to a note that is written then. */
async function comeBack(server: ServerProcess, since: string): Promise<readonly string[]> {
  const client = await SseClient.connect(server.url);
  await client.subscribe(["notes/*"], undefined, since);
  const mark = `mark ${Math.random()}`;
  await write(server, mark);
  await client.inbox.until((events) => events.some(({ data }) => data.includes(mark)));
  client.close();
  return client.events.map(({ event, data }) => {
    const { reason, record } = JSON.parse(data) as { reason?: string; record?: { title: string } };
    return event === "resync" ? `resync ${reason}` : record!.title === mark ? "mark" : record!.title;
  });
}

async function write(server: ServerProcess, ...titles: readonly string[]): Promise<void> {
  for (const title of titles) {
    await request(server.url, "POST", "/api/collections/notes/records", { body: { title } });
  }
}

const cursorOf = async (server: ServerProcess): Promise<string> =>
  (await request(server.url, "GET", "/api/collections/notes/records")).headers.get("headwater-cursor")!;

/** A folder with a collection of notes, and a place for copies of it. */
async function folderOf(): Promise<{ dir: string; copyTo: (name: string) => string } & Disposable> {
  const folder = tempDir();
  const dir = join(folder.path, "pb_data");
  const server = await startServer({ dir });
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PUBLIC_NOTES);
  await server.stop();
  const copyTo = (name: string): string => {
    cpSync(dir, join(folder.path, name), { recursive: true });
    return join(folder.path, name);
  };
  return { dir, copyTo, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

function replace(dir: string, copy: string): void {
  rmSync(dir, { recursive: true });
  cpSync(copy, dir, { recursive: true });
}

test("cursors stay good over stops and kills", async () => {
  using folder = await folderOf();
  const cursors: string[] = [];
  for (const signal of ["SIGTERM", "SIGKILL", "SIGTERM"] as const) {
    const server = await startServer({ dir: folder.dir });
    cursors.push(await cursorOf(server));
    await write(server, `before ${signal}`);
    await server.stop(signal);
  }
  await using server = await startServer({ dir: folder.dir });
  expect(await comeBack(server, cursors[0]!)).toEqual(["before SIGTERM", "before SIGKILL", "before SIGTERM", "mark"]);
  expect((await comeBack(server, cursors[2]!)).slice(0, 1)).toEqual(["before SIGTERM"]);
});

test.each([
  ["stopped", "SIGTERM"],
  ["killed", "SIGKILL"],
] as const)(
  "after a copy of a folder whose server was %s is restored, what was lost is not passed over",
  async (_, signal) => {
    using folder = await folderOf();
    let server = await startServer({ dir: folder.dir });
    await write(server, "a");
    const old = await cursorOf(server);
    await write(server, "b");
    await server.stop(signal);
    const copy = folder.copyTo("copy");
    server = await startServer({ dir: folder.dir });
    const atCopy = await cursorOf(server);
    await write(server, "lost 1", "lost 2", "lost 3");
    const lost = await cursorOf(server);
    await server.stop(signal);

    replace(folder.dir, copy);
    await using restored = await startServer({ dir: folder.dir });
    await write(restored, "new 1", "new 2", "new 3", "new 4", "new 5");
    expect(await comeBack(restored, old)).toEqual(["b", "new 1", "new 2", "new 3", "new 4", "new 5", "mark"]);
    expect(await comeBack(restored, lost)).toEqual(["resync epoch", "mark"]);
    // Issued by a server start that the copy does not know.
    expect(await comeBack(restored, atCopy)).toEqual(["resync epoch", "mark"]);
  },
);

test("a copy that was made while the server ran ends its cursors where it was made", async () => {
  using folder = await folderOf();
  let server = await startServer({ dir: folder.dir });
  await write(server, "a");
  const before = await cursorOf(server);
  await write(server, "b");
  const copy = folder.copyTo("copy");
  await write(server, "lost 1", "lost 2");
  const after = await cursorOf(server);
  await server.stop("SIGKILL");
  replace(folder.dir, copy);
  server = await startServer({ dir: folder.dir });
  await write(server, "new 1", "new 2", "new 3");
  expect(await comeBack(server, before)).toEqual(["b", "new 1", "new 2", "new 3", "mark"]);
  expect(await comeBack(server, after)).toEqual(["resync epoch", "mark"]);
  await server[Symbol.asyncDispose]();
});

test("of two servers from one copy, each knows its own cursors and those from before the copy", async () => {
  using folder = await folderOf();
  const first = await startServer({ dir: folder.dir });
  const shared = await cursorOf(first);
  await first.stop();
  const copy = folder.copyTo("copy");
  await using one = await startServer({ dir: folder.dir });
  await using other = await startServer({ dir: copy });
  await write(one, "of one");
  await write(other, "of the other");
  const [ofOne, ofOther] = [await cursorOf(one), await cursorOf(other)];
  expect(await comeBack(one, shared)).toEqual(["of one", "mark"]);
  expect(await comeBack(other, shared)).toEqual(["of the other", "mark"]);
  expect(await comeBack(one, ofOther)).toEqual(["resync epoch", "mark"]);
  expect(await comeBack(other, ofOne)).toEqual(["resync epoch", "mark"]);
  expect((await comeBack(one, ofOne)).filter((text) => text.startsWith("resync"))).toEqual([]);
});

test.each(["SIGTERM", "SIGKILL"] as const)(
  "rows that an SQL shell writes after a %s make all cursors void",
  async (signal) => {
    using folder = await folderOf();
    let server = await startServer({ dir: folder.dir });
    await write(server, "a");
    const since = await cursorOf(server);
    await write(server, "b");
    await server.stop(signal);
    {
      using db = new Database(join(folder.dir, "data.db"));
      db.run("UPDATE notes SET title = 'from elsewhere' WHERE title = 'a'");
    }
    server = await startServer({ dir: folder.dir });
    expect(await comeBack(server, since)).toEqual(["resync epoch", "mark"]);
    // Once is enough.
    const next = await cursorOf(server);
    await write(server, "c");
    await server.stop(signal);
    server = await startServer({ dir: folder.dir });
    expect(await comeBack(server, next)).toEqual(["c", "mark"]);
    await server[Symbol.asyncDispose]();
  },
);

test("another program that only reads leaves cursors as they are", async () => {
  using folder = await folderOf();
  let server = await startServer({ dir: folder.dir });
  const since = await cursorOf(server);
  await write(server, "a");
  await server.stop();
  {
    using db = new Database(join(folder.dir, "data.db"));
    expect(db.query("SELECT count(*) AS count FROM notes").get()).toEqual({ count: 1 });
  }
  server = await startServer({ dir: folder.dir });
  expect(await comeBack(server, since)).toEqual(["a", "mark"]);
  await server[Symbol.asyncDispose]();
});

test.if(hasPocketBase)(
  "a stock PocketBase can serve the folder between, and what it wrote is not passed over",
  async () => {
    using folder = await folderOf();
    let server = await startServer({ dir: folder.dir });
    const since = await cursorOf(server);
    await server.stop();
    const stock = await startServer({ kind: "pocketbase", dir: folder.dir });
    await write(stock, "by PocketBase");
    const superuser = await SuperuserClient.signIn(stock.url);
    await superuser.updateCollection("notes", { name: "notices" });
    await superuser.updateCollection("notices", { name: "notes" });
    await stock.stop();
    server = await startServer({ dir: folder.dir });
    expect(await comeBack(server, since)).toEqual(["resync epoch", "mark"]);
    const list = await request<{ items: { title: string }[] }>(server.url, "GET", "/api/collections/notes/records");
    expect(list.body.items.map(({ title }) => title)).toContain("by PocketBase");
    await server[Symbol.asyncDispose]();
  },
);
