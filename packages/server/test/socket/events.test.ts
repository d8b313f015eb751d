import { Database } from "bun:sqlite";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { useSocketServer } from "./socket-server.ts";

const server = useSocketServer();

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe("Automatic CRUD Event Broadcasting", () => {
  test("Record creation event", async () => {
    const clients = [await server.connect(), await server.connect()];
    for (const client of clients) await client.subscribe("notes.*");
    const record = await server.superuser.create("notes", { title: "new" });
    for (const client of clients) expect(await client.untilEvents(1)).toMatchObject([{ action: "create", record }]);
  });

  test("Record update event", async () => {
    const { id } = await server.superuser.create("notes", { title: "old" });
    const client = await server.connect();
    await client.subscribe("notes.*");
    const record = await server.superuser.update("notes", id, { title: "updated" });
    expect(await client.untilEvents(1)).toMatchObject([{ action: "update", record }]);
  });

  test("Record deletion event", async () => {
    const { id } = await server.superuser.create("notes", { title: "short" });
    const client = await server.connect();
    await client.subscribe("notes.*");
    await server.superuser.request("DELETE", `/api/collections/notes/records/${id}`);
    expect(await client.untilEvents(1)).toMatchObject([{ action: "delete", record: { id } }]);
  });

  test("Specific record subscription", async () => {
    const { id } = await server.superuser.create("notes", { title: "one" });
    const [one, all] = [await server.connect(), await server.connect()];
    await one.subscribe(`notes.${id}`);
    await all.subscribe("notes.*");
    await server.superuser.update("notes", id, { count: 5 });
    for (const client of [one, all])
      expect(await client.untilEvents(1)).toMatchObject([{ action: "update", record: { id } }]);
  });
});

describe("Event Message Format", () => {
  test("Create event format", async () => {
    const client = await server.connect();
    await client.subscribe("notes.*");
    const record = await server.superuser.create("notes", { title: 'ü, \u2028 and "quotes"' });
    expect(await client.untilEvents(1)).toEqual([
      {
        type: "record_event",
        collection: "notes",
        action: "create",
        record,
        timestamp: expect.stringMatching(ISO),
        patterns: ["notes.*"],
        cursor: expect.stringMatching(/^a\.[\w-]{22}$/),
      },
    ]);
  });

  test("Update event format", async () => {
    const { id } = await server.superuser.create("notes", { title: "a" });
    const client = await server.connect();
    await client.subscribe("notes.*");
    const record = await server.superuser.update("notes", id, { title: "b" });
    expect(await client.untilEvents(1)).toEqual([
      {
        type: "record_event",
        collection: "notes",
        action: "update",
        record,
        timestamp: expect.stringMatching(ISO),
        patterns: ["notes.*"],
        cursor: expect.any(String),
      },
    ]);
  });

  test("Delete event format", async () => {
    const { id } = await server.superuser.create("notes", { title: "gone" });
    const client = await server.connect();
    await client.subscribe("notes.*");
    await server.superuser.request("DELETE", `/api/collections/notes/records/${id}`);
    expect(await client.untilEvents(1)).toEqual([
      {
        type: "record_event",
        collection: "notes",
        action: "delete",
        record: expect.objectContaining({ id, title: "gone" }),
        timestamp: expect.stringMatching(ISO),
        patterns: ["notes.*"],
        cursor: expect.any(String),
      },
    ]);
  });

  test("if a connection's patterns select different fields, each gets its own event, and the last has the cursor", async () => {
    const client = await server.connect();
    await client.subscribe("notes.*");
    const { id } = await server.superuser.create("notes", { title: "twice" });
    await client.subscribe(`notes.${id}`, { fields: "count" });
    await server.superuser.update("notes", id, { count: 9 });
    const [first, second] = (await client.untilEvents(3)).slice(1);
    expect(first!.cursor).toMatch(/^p\./);
    expect(second!.cursor).toBeString();
    const shown = Object.fromEntries([first!, second!].map(({ patterns, record }) => [patterns.join(), record]));
    expect(shown).toEqual({ "notes.*": expect.objectContaining({ id }), [`notes.${id}`]: { count: 9 } });
  });
});

describe("Error Handling", () => {
  test("Invalid subscription pattern", async () => {
    const client = await server.connect();
    for (const pattern of ["", "notes", "notes.", ".*", "**", "*.notes", "no tes.*", "notes.*.x", "notes.a*", "é.*"]) {
      expect(await client.refusal(pattern)).toMatchObject({ code: "bad_pattern", pattern, retry: false });
      await Bun.sleep(100);
    }
    expect(client.isOver).toBe(false);
    await client.subscribe("notes.*");
  });

  test("Serialization error", async () => {
    const client = await server.connect();
    await client.subscribe("notes.*");
    await server.superuser.create("notes", { title: "before" });
    const [{ id: collection }] = (
      await server.superuser.request<{ items: [{ id: string }] }>("GET", "/api/collections?filter=name='notes'")
    ).body.items;
    // Another process writes a log entry that cannot be delivered.
    using log = new Database(join(server.process.dir, "data.db"));
    log.run("PRAGMA busy_timeout = 10000");
    log.run(
      "INSERT INTO _changes (time, collection, record, action, after) VALUES (?, ?, 'broken', 'create', 'null')",
      [Date.now(), collection],
    );
    await server.superuser.create("notes", { title: "after" });
    expect((await client.untilEvents(2)).map(({ record }) => record["title"])).toEqual(["before", "after"]);
    await server.process.untilLogged("a change could not be processed");
  });

  test("Client disconnect during broadcast", async () => {
    const clients = await Promise.all(Array.from({ length: 60 }, () => server.connect()));
    await Promise.all(clients.map((client) => client.subscribe("notes.*")));
    const [staying, leaving] = [clients.slice(30), clients.slice(0, 30)];
    const writing = Array.from({ length: 50 }, (_, i) => server.superuser.create("notes", { title: `${i}` }));
    for (const client of leaving) {
      await client.untilEvents(1);
      client.close();
    }
    await Promise.all(writing);
    for (const client of staying)
      expect(new Set((await client.untilEvents(50)).map(({ cursor }) => cursor)).size).toBe(50);
    for (const client of leaving) await server.untilGone(client);
  });
});
