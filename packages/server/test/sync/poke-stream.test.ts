import { expect, setDefaultTimeout, test } from "bun:test";
import { EventSource } from "eventsource";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { BASE, newName, useSyncServer } from "./sync-server.ts";

setDefaultTimeout(60_000);

const server = useSyncServer();

test("the stream sends connected, and sync only for changes that its user may see", async () => {
  using annStream = server.listen(server.ann);
  using bobStream = server.listen(server.bob, "/events");
  for (const { messages } of [annStream, bobStream]) await messages.until(({ length }) => length > 0);
  expect([annStream.messages.items[0], bobStream.messages.items[0]]).toEqual(["connected", "connected"]);
  const list = await server.superuser.create("lists", { title: "List", owner: server.ann.id });
  await annStream.messages.until((messages) => messages.includes("sync"));
  expect(bobStream.messages.items).toEqual(["connected"]);
  await server.superuser.update("lists", list.id, { members: [server.bob.id] });
  await bobStream.messages.until((messages) => messages.includes("sync"));
});

test("simultaneous pokes are merged", async () => {
  using annStream = server.listen(server.ann);
  await annStream.messages.until(({ length }) => length > 0);
  await Promise.all(
    Array.from({ length: 30 }, () => server.superuser.create("lists", { title: "List", owner: server.ann.id })),
  );
  const group = newName();
  await server.push(server.ann, group, [{ id: 1, name: "nothing" }]);
  await annStream.messages.until((messages) => messages.includes("sync"));
  await server.post(server.ann, "/poke-user", {});
  await annStream.messages.until((messages) => messages.filter((data) => data === "sync").length > 1);
  expect(annStream.messages.items.length).toBeLessThan(20);
});

test("poke-user counts the user's streams, and stats the user's and all streams", async () => {
  const user = await server.superuser.createUser(newName());
  using one = server.listen(user);
  using other = server.listen(user);
  using bobStream = server.listen(server.bob);
  for (const { messages } of [one, other, bobStream]) await messages.until((items) => items.includes("connected"));
  const poked = await server.post(user, "/poke-user", {});
  expect(poked.body).toEqual({
    success: true,
    userId: user.id,
    clientsNotified: 2,
    message: "User-specific sync triggered",
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  });
  for (const { messages } of [one, other]) await messages.until((items) => items.includes("sync"));
  expect(bobStream.messages.items).not.toContain("sync");
  const { body } = await server.get(user, "/stats");
  expect(body).toMatchObject({ userId: user.id, userConnections: 2 });
  expect(body.totalConnections).toBeGreaterThanOrEqual(3);
});

test("an EventSource connects with a ticket, which works once", async () => {
  const { ticket, expires } = (await server.post(server.ann, "/ticket", {})).body;
  expect(Date.parse(expires)).toBeGreaterThan(Date.now());
  const url = `${server.url}${BASE}/stream?ticket=${ticket}`;
  const messages = new Inbox<string>();
  const source = new EventSource(url);
  source.addEventListener("message", ({ data }) => messages.push(String(data)));
  await messages.until((items) => items.includes("connected"));
  await server.post(server.ann, "/poke-user", {});
  await messages.until((items) => items.includes("sync"));
  source.close();
  expect((await fetch(url)).status).toBe(401);
  const log = await server.process.stdout();
  expect(log).not.toContain(ticket);
});

test("the headers are those of an unbuffered event stream", async () => {
  const abort = new AbortController();
  const { headers } = await fetch(`${server.url}${BASE}/stream`, {
    headers: { Authorization: server.ann.token, Origin: "https://example.com" },
    signal: abort.signal,
  });
  abort.abort();
  expect(headers.get("content-type")).toBe("text/event-stream");
  expect(headers.get("cache-control")).toBe("no-cache");
  expect(headers.get("x-accel-buffering")).toBe("no");
  expect(headers.get("access-control-allow-origin")).toBe("*");
});

test("a stream sends sync for a new collection, and ends when its user's tokens are revoked", async () => {
  const user = await server.superuser.createUser(newName());
  using stream = server.listen(user);
  await stream.messages.until((items) => items.includes("connected"));
  const name = newName();
  await server.superuser.createCollection({ name, listRule: "", fields: [] });
  await stream.messages.until((items) => items.includes("sync"));
  const syncs = stream.messages.items.length;
  await Bun.sleep(100); // Pending pokes are sent by now.
  await server.superuser.create(name, {});
  await stream.messages.until((items) => items.length > syncs);
  await server.superuser.update("users", user.id, {
    password: "another-password",
    passwordConfirm: "another-password",
  });
  const connections = async (): Promise<number> => {
    const { token } = await server.superuser.createUser(newName());
    const { body } = await server.get({ token }, "/stats");
    return body.totalConnections;
  };
  while ((await connections()) > 0) await Bun.sleep(20);
});
