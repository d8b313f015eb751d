import { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { readRows } from "@headwater/testing/servers/read-database.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(60_000);

/** Everything that the database's files hold once the WAL was moved into the database file. */
async function bytesOf(dir: string): Promise<string> {
  const path = join(dir, "data.db");
  using db = new Database(path);
  for (let busy = 1; busy !== 0;) {
    busy = db.query<{ busy: number }, []>("PRAGMA wal_checkpoint(TRUNCATE)").get()!.busy;
  }
  const files = [path, `${path}-wal`].map((file) => Bun.file(file));
  const texts = await Promise.all(files.map(async (file) => ((await file.exists()) ? file.text() : "")));
  return texts.join("");
}

/** Are there deletes in the log whose values are not erased yet? */
const isErasing = (dir: string): boolean =>
  readRows(dir, "_changes").some(({ action, form }) => action === "delete" && form === 1);

test("a deleted record is received live with its values and later with its id, and its texts are in no file", async () => {
  await using server = await startServer();
  const { dir } = server;
  const admin = await SuperuserClient.signIn(server.url);
  await admin.createCollection(PUBLIC_NOTES);
  const live = await SseClient.connect(server.url);
  const away = await SseClient.connect(server.url);
  for (const client of [live, away]) await client.subscribe(["notes/*"]);
  const { id } = await admin.create("notes", { title: `first words ${"of many ".repeat(600)}` });
  await away.inbox.until((events) => events.length === 1);
  away.close();

  for (const title of ["second words", "third words"]) await admin.update("notes", id, { title });
  expect(await bytesOf(dir)).toContain("third words");
  await admin.request("DELETE", `/api/collections/notes/records/${id}`);
  await live.inbox.until((events) => events.length === 4);
  const received = live.events.map(
    ({ data }) => JSON.parse(data) as { action: string; record: Record<string, unknown> },
  );
  expect(received.map(({ action, record }) => [action, String(record["title"]).slice(0, 12)])).toEqual([
    ["create", "first words "],
    ["update", "second words"],
    ["update", "third words"],
    ["delete", "third words"],
  ]);

  while (isErasing(dir)) await Bun.sleep(10);
  expect(await bytesOf(dir)).not.toMatch(/(first|second|third) words/);
  const back = await SseClient.connect(server.url);
  await back.subscribe(["notes/*"], undefined, away.lastEventId);
  await back.inbox.until((events) => events.length === 1);
  const collection = readRows(dir, "_collections").find(({ name }) => name === "notes")!;
  expect(JSON.parse(back.events[0]!.data)).toEqual({
    action: "delete",
    record: { collectionId: collection["id"], collectionName: "notes", id },
  });
});

test("what a server that was killed left in the log is erased by the next one", async () => {
  await using server = await startServer();
  const { dir } = server;
  const admin = await SuperuserClient.signIn(server.url);
  await admin.createCollection(PUBLIC_NOTES);
  const { id } = await admin.create("notes", { title: "words to forget" });
  await admin.update("notes", id, { title: "other words to forget" });
  await server.stop();
  // As if the server had ended between the delete and its erasing.
  {
    using db = new Database(join(dir, "data.db"));
    const { collection } = readRows(dir, "_changes").find(({ record }) => record === id)!;
    db.run("DELETE FROM notes WHERE id = ?", [id]);
    db.run(`INSERT INTO _changes (time, collection, record, action, before, form) VALUES (0, ?, ?, 'delete', ?, 1)`, [
      String(collection),
      id,
      JSON.stringify({ f: "words to forget" }),
    ]);
  }
  await using next = await startServer({ dir });
  while (isErasing(next.dir)) await Bun.sleep(10);
  expect(JSON.stringify(readRows(dir, "_changes"))).not.toContain("to forget");
});
