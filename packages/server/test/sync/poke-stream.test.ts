import { expect, setDefaultTimeout, test } from "bun:test";
import { EventSource } from "eventsource";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { BASE, newName, useSyncServer } from "./sync-server.ts";

setDefaultTimeout(60_000);

const server = useSyncServer();

test("says that it is connected, and tells of what its user may see, and of nothing else", async () => {
  using hers = server.listen(server.ann);
  using his = server.listen(server.bob, "/events");
  for (const { heard } of [hers, his]) await heard.until(({ length }) => length > 0);
  expect([hers.heard.items[0], his.heard.items[0]]).toEqual(["connected", "connected"]);
  const list = await server.superuser.create("lists", { title: "List", owner: server.ann.id });
  await hers.heard.until((heard) => heard.includes("sync"));
  expect(his.heard.items).toEqual(["connected"]);
  await server.superuser.update("lists", list.id, { members: [server.bob.id] });
  await his.heard.until((heard) => heard.includes("sync"));
});

test("pokes that come together are one", async () => {
  using hers = server.listen(server.ann);
  await hers.heard.until(({ length }) => length > 0);
  await Promise.all(
    Array.from({ length: 30 }, () => server.superuser.create("lists", { title: "List", owner: server.ann.id })),
  );
  const group = newName();
  await server.push(server.ann, group, [{ id: 1, name: "nothing" }]);
  await hers.heard.until((heard) => heard.includes("sync"));
  await server.post(server.ann, "/poke-user", {});
  await hers.heard.until((heard) => heard.filter((data) => data === "sync").length > 1);
  expect(hers.heard.items.length).toBeLessThan(20);
});

test("poke-user and stats count the streams of the user, and all", async () => {
  const user = await server.superuser.createUser(newName());
  using one = server.listen(user);
  using other = server.listen(user);
  using his = server.listen(server.bob);
  for (const { heard } of [one, other, his]) await heard.until((items) => items.includes("connected"));
  const poked = await server.post(user, "/poke-user", {});
  expect(poked.body).toEqual({
    success: true,
    userId: user.id,
    clientsNotified: 2,
    message: "User-specific sync triggered",
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  });
  for (const { heard } of [one, other]) await heard.until((items) => items.includes("sync"));
  expect(his.heard.items).not.toContain("sync");
  const { body } = await server.get(user, "/stats");
  expect(body).toMatchObject({ userId: user.id, userConnections: 2 });
  expect(body.totalConnections).toBeGreaterThanOrEqual(3);
});

test("an EventSource comes in with a ticket, which is good once", async () => {
  const { ticket, expires } = (await server.post(server.ann, "/ticket", {})).body;
  expect(Date.parse(expires)).toBeGreaterThan(Date.now());
  const url = `${server.url}${BASE}/stream?ticket=${ticket}`;
  const heard = new Inbox<string>();
  const source = new EventSource(url);
  source.addEventListener("message", ({ data }) => heard.push(String(data)));
  await heard.until((items) => items.includes("connected"));
  await server.post(server.ann, "/poke-user", {});
  await heard.until((items) => items.includes("sync"));
  source.close();
  expect((await fetch(url)).status).toBe(401);
  const log = await server.process.stdout();
  expect(log).not.toContain(ticket);
});

test("its headers are those of an event stream that nobody buffers", async () => {
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

test("a stream ends when its user's tokens are revoked, and hears of a collection that was made meanwhile", async () => {
  const user = await server.superuser.createUser(newName());
  using stream = server.listen(user);
  await stream.heard.until((items) => items.includes("connected"));
  const name = newName();
  await server.superuser.createCollection({ name, listRule: "", fields: [] });
  await stream.heard.until((items) => items.includes("sync"));
  const syncs = stream.heard.items.length;
  await Bun.sleep(100); // What was gathered has left.
  await server.superuser.create(name, {});
  await stream.heard.until((items) => items.length > syncs);
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
