import { describe, expect, test } from "bun:test";
import type { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import { useSocketServer } from "./socket-server.ts";

const server = useSocketServer();

const titles = (client: SocketClient): unknown[] => client.events.map(({ record }) => record["title"]);

/** Creates, updates and deletes a note, then creates a comment with the same title. */
async function writeAllActions(title: string): Promise<string> {
  const { id } = await server.superuser.create("notes", { title });
  await server.superuser.update("notes", id, { count: 1 });
  await server.superuser.request("DELETE", `/api/collections/notes/records/${id}`);
  await server.superuser.create("comments", { title });
  return id;
}

describe("Collection Subscription", () => {
  test("Subscribe to all records in a collection", async () => {
    const client = await server.connect();
    expect(await client.subscribe("notes.*")).toMatchObject({ type: "subscribed", kind: "collection" });
    const id = await writeAllActions("all");
    const events = await client.untilEvents(3);
    expect(events.map(({ action, record }) => [action, record["id"]])).toEqual([
      ["create", id],
      ["update", id],
      ["delete", id],
    ]);
  });

  test("Subscribe to specific record", async () => {
    const { id } = await server.superuser.create("notes", { title: "this" });
    const other = await server.superuser.create("notes", { title: "that" });
    const client = await server.connect();
    expect(await client.subscribe(`notes.${id}`)).toMatchObject({ kind: "record" });
    await server.superuser.update("notes", other.id, { count: 1 });
    await server.superuser.update("notes", id, { count: 2 });
    expect(await client.untilEvents(1)).toMatchObject([{ action: "update", record: { id, count: 2 } }]);
  });

  test("Subscribe to all collections", async () => {
    const client = await server.connectAsSuperuser();
    expect(await client.subscribe("*")).toMatchObject({ kind: "all" });
    await server.superuser.create("notes", { title: "a note" });
    await server.superuser.create("vault", { title: "a secret" });
    await server.superuser.create("comments", { title: "a comment" });
    const events = await client.untilEvents(3);
    expect(events.map(({ collection }) => collection)).toEqual(["notes", "vault", "comments"]);
    expect(events.map(({ patterns }) => patterns)).toEqual([["*"], ["*"], ["*"]]);
  });

  test("Multiple subscriptions per connection", async () => {
    const client = await server.connect();
    for (const pattern of ["notes.*", "comments.*", "notes.abc"]) await client.subscribe(pattern);
    expect(await server.showConnection(client)).toMatchObject({
      subscriptions: ["notes.*", "comments.*", "notes.abc"],
    });
    await writeAllActions("both");
    expect((await client.untilEvents(4)).map(({ collection }) => collection)).toEqual([
      "notes",
      "notes",
      "notes",
      "comments",
    ]);
  });

  test("several patterns with the same options fit into one request, and each gets its own reply", async () => {
    const client = await server.connect();
    client.send({ type: "subscribe", id: 7, pattern: ["notes.*", "vault.*", "comments.*"], fields: "title" });
    await client.inbox.until(() => client.all("subscribed").length === 2);
    expect(client.all("subscribed")).toMatchObject([
      { pattern: "notes.*", id: 7 },
      { pattern: "comments.*", id: 7 },
    ]);
    expect(client.all("error")).toMatchObject([{ code: "forbidden", pattern: "vault.*", id: 7, retry: false }]);
  });

  test("subscribing to a pattern again replaces its options", async () => {
    const client = await server.connect();
    await client.subscribe("notes.*", { filter: "title = 'never'" });
    await client.subscribe("notes.*", { filter: "title = 'again'", fields: "title" });
    await server.superuser.create("notes", { title: "never" });
    await server.superuser.create("notes", { title: "again" });
    expect((await client.untilEvents(1))[0]!.record).toEqual({ title: "again" });
  });

  test("a pattern with options in its name is separate, and events name both", async () => {
    const client = await server.connect();
    const small = `notes.*?options=${encodeURIComponent(JSON.stringify({ query: { filter: "count < 5" } }))}`;
    for (const pattern of ["notes.*", small]) await client.subscribe(pattern);
    await server.superuser.create("notes", { title: "small", count: 1 });
    await server.superuser.create("notes", { title: "large", count: 9 });
    expect((await client.untilEvents(2)).map(({ patterns }) => patterns.toSorted())).toEqual([
      ["notes.*", small],
      ["notes.*"],
    ]);
    await client.request({ type: "unsubscribe", pattern: small });
    expect(await server.showConnection(client)).toMatchObject({ subscriptions: ["notes.*"] });
  });

  test("fields and expand work as in a list", async () => {
    const client = await server.connectAsUser();
    await client.subscribe("diaries.*", { expand: "owner", fields: "title,expand.owner.name" });
    await server.superuser.create("diaries", { title: "mine", owner: server.user.id });
    expect((await client.untilEvents(1))[0]!.record).toEqual({ title: "mine", expand: { owner: { name: "ann" } } });
  });
});

describe("Unsubscribe from Collections", () => {
  test("Unsubscribe from specific collection", async () => {
    const client = await server.connect();
    for (const pattern of ["notes.*", "comments.*"]) await client.subscribe(pattern);
    expect(await client.request({ type: "unsubscribe", pattern: "notes.*" })).toMatchObject({
      type: "unsubscribed",
      pattern: "notes.*",
    });
    expect(await server.showConnection(client)).toMatchObject({ subscriptions: ["comments.*"] });
    await writeAllActions("left");
    expect(await client.untilEvents(1)).toMatchObject([{ collection: "comments" }]);
  });

  test("Unsubscribe from all", async () => {
    const client = await server.connect();
    for (const pattern of ["notes.*", "comments.*"]) await client.subscribe(pattern);
    expect(await client.request({ type: "unsubscribe", pattern: "*" })).toMatchObject({ pattern: "*" });
    expect(await server.showConnection(client)).toMatchObject({ subscriptions: [] });
    await writeAllActions("nobody");
    await client.subscribe("comments.*");
    await server.superuser.create("comments", { title: "after" });
    await client.untilEvents(1);
    expect(titles(client)).toEqual(["after"]);
  });
});

describe("Subscription Pattern Matching", () => {
  test("Exact collection match", async () => {
    const client = await server.connect();
    await client.subscribe("notes.*");
    await server.superuser.create("notes", { title: "exact" });
    expect((await client.untilEvents(1))[0]!.patterns).toEqual(["notes.*"]);
  });

  test("Specific record match", async () => {
    const { id } = await server.superuser.create("notes", { title: "matched" });
    const [one, all, both] = [await server.connect(), await server.connect(), await server.connect()];
    await one.subscribe(`notes.${id}`);
    await all.subscribe("notes.*");
    for (const pattern of ["notes.*", `notes.${id}`]) await both.subscribe(pattern);
    await server.superuser.update("notes", id, { count: 3 });
    for (const client of [one, all, both]) expect((await client.untilEvents(1))[0]!.record["id"]).toBe(id);
    expect(one.events[0]!.patterns).toEqual([`notes.${id}`]);
    expect(all.events[0]!.patterns).toEqual(["notes.*"]);
    // One event, which names both patterns.
    expect(both.events[0]!.patterns.toSorted()).toEqual(["notes.*", `notes.${id}`]);
    await server.superuser.create("notes", { title: "next" });
    expect((await both.untilEvents(2))[1]!.record["title"]).toBe("next");
  });

  test("Wildcard match", async () => {
    const client = await server.connectAsSuperuser();
    for (const pattern of ["*", "comments.*"]) await client.subscribe(pattern);
    await server.superuser.create("comments", { title: "wild" });
    expect((await client.untilEvents(1))[0]!.patterns.toSorted()).toEqual(["*", "comments.*"]);
  });

  test("No match", async () => {
    const client = await server.connect();
    await client.subscribe("comments.*");
    await writeAllActions("no match");
    await client.untilEvents(1);
    expect(client.events.map(({ collection }) => collection)).toEqual(["comments"]);
  });

  test("a name that is not a collection is a channel, and the reply says so", async () => {
    const client = await server.connect();
    expect(await client.subscribe("ntoes.*")).toMatchObject({ kind: "channel" });
    expect(await client.refusal("ntoes.abc")).toMatchObject({ code: "unknown_collection" });
    expect(await client.refusal("Notes.*")).toMatchObject({ code: "unknown_collection" });
  });
});
