import { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { todosOf, LISTS } from "../sync/collections.ts";
import { Device } from "../sync/device.ts";
import { SYNC_HOOKS } from "../sync/sync-server.ts";

setDefaultTimeout(120_000);

async function start(args: readonly string[] = []) {
  const server = await startServer({ args: [...args] });
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PUBLIC_NOTES);
  const sql = async (query: string): Promise<void> => {
    const { status, text } = await superuser.request("POST", "/api/sql", { body: { query } });
    if (status !== 200) throw new Error(text);
  };
  return { server, superuser, sql };
}

const kinds = ({ events }: SseClient): string[] =>
  events.map(({ event, data }) =>
    event === "resync" ? `resync ${String(JSON.parse(data).reason)}` : String(JSON.parse(data).record.title),
  );

test("a script that writes records gives live listeners one resync, and then what follows", async () => {
  const { server, superuser, sql } = await start();
  await using _ = server;
  const client = await SseClient.connect(server.url);
  await client.subscribe(["notes/*"]);
  await superuser.create("notes", { title: "before" });
  await client.inbox.until((events) => events.length === 1);
  await sql("insert into notes (id, title) values ('by_script', 'one'), ('by_script2', 'two')");
  await client.inbox.until((events) => events.length === 2);
  await superuser.create("notes", { title: "after" });
  await client.inbox.until((events) => events.length === 3);
  expect(kinds(client)).toEqual(["before", "resync visibility", "after"]);
});

test("a client that was away during a script gets a resync", async () => {
  const { server, superuser, sql } = await start();
  await using _ = server;
  const client = await SseClient.connect(server.url);
  await client.subscribe(["notes/*"]);
  await superuser.create("notes", { title: "before" });
  await client.inbox.until((events) => events.length === 1);
  client.close();
  await sql("update notes set title = 'changed'");
  const back = await SseClient.connect(server.url, { "Last-Event-ID": client.events[0]!.id! });
  await back.subscribe(["notes/*"]);
  await back.inbox.until((events) => events.length === 1);
  await superuser.create("notes", { title: "after" });
  await back.inbox.until((events) => events.length === 2);
  expect(kinds(back)[0]).toStartWith("resync");
  expect(kinds(back)[1]).toBe("after");
});

test("a script that touches no collection disturbs no listener", async () => {
  const { server, superuser, sql } = await start();
  await using _ = server;
  const client = await SseClient.connect(server.url);
  await client.subscribe(["notes/*"]);
  await sql("create table mine (a); insert into mine values (1); create index mine_a on mine (a)");
  await sql("create index notes_title on notes (title)");
  await superuser.create("notes", { title: "after" });
  await client.inbox.until((events) => events.length === 1);
  expect(kinds(client)).toEqual(["after"]);
});

test("a script that changes a token key turns its connections into guests", async () => {
  const { server, superuser, sql } = await start();
  await using _ = server;
  await superuser.createCollection({
    name: "inner",
    type: "base",
    listRule: "@request.auth.id != ''",
    viewRule: "@request.auth.id != ''",
    fields: [{ name: "title", type: "text" }],
  });
  const ann = await superuser.createUser("ann");
  const bob = await superuser.createUser("bob");
  const [ofAnn, ofBob] = [await SseClient.connect(server.url), await SseClient.connect(server.url)];
  await ofAnn.subscribe(["inner/*", "notes/*"], ann.token);
  await ofBob.subscribe(["inner/*", "notes/*"], bob.token);
  await sql(`update users set tokenKey = tokenKey || 'x' where id = '${ann.id}'`);
  for (const { inbox } of [ofAnn, ofBob]) await inbox.until((events) => events.length === 1);
  await superuser.create("inner", { title: "inner" });
  await superuser.create("notes", { title: "public" });
  await ofBob.inbox.until((events) => events.length === 3);
  await ofAnn.inbox.until((events) => events.some(({ data }) => data.includes("public")));
  expect(kinds(ofBob)).toEqual(["resync visibility", "inner", "public"]);
  expect(kinds(ofAnn)).toEqual(["resync visibility", "public"]);
});

test("what the log holds of earlier changes goes when a script has written", async () => {
  const { server, superuser, sql } = await start();
  await using _ = server;
  const { id } = await superuser.create("notes", { title: "secret one" });
  await superuser.update("notes", id, { title: "secret two" });
  const holdsIt = (): boolean => {
    using database = new Database(join(server.dir, "data.db"), { readonly: true });
    return database
      .query("SELECT before FROM _changes")
      .all()
      .some((row) => JSON.stringify(row).includes("secret"));
  };
  expect(holdsIt()).toBe(true);
  await sql(`delete from notes where id = '${id}'`);
  // It is erased once the tail has read the entry; each write gives it a turn.
  while (holdsIt()) await superuser.create("notes", { title: "next" });
});

test("clients that sync get what a script wrote, and lose what it deleted", async () => {
  const { server, superuser, sql } = await start(SYNC_HOOKS);
  await using _ = server;
  await superuser.createCollection(todosOf((await superuser.createCollection(LISTS)).id));
  const ann = await superuser.createUser("ann");
  const list = (await superuser.create("lists", { title: "List", owner: ann.id })).id;
  const [kept, deleted] = await Promise.all(
    ["kept", "deleted"].map(async (text) => (await superuser.create("todos", { list, text })).id),
  );
  await using device = new Device({ url: server.url, token: ann.token });
  await device.until(() => device.view[`todos/${kept}`] !== undefined && device.view[`todos/${deleted}`] !== undefined);
  await sql(`update todos set text = 'changed' where id = '${kept}'; delete from todos where id = '${deleted}'`);
  await device.until(
    () => device.view[`todos/${kept}`]?.["text"] === "changed" && device.view[`todos/${deleted}`] === undefined,
  );
});
