import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { EventSource } from "eventsource";
import { Admin } from "./support/admin.ts";
import { Inbox } from "./support/inbox.ts";
import { PokeStream } from "./support/poke-stream.ts";
import { type Reply, request } from "./support/request.ts";
import { type ServerProcess, startServer } from "./support/server-process.ts";
import { LISTS, todosOf } from "./support/sync-collections.ts";

setDefaultTimeout(60_000);

const BASE = "/api/v1/replicache";
type User = Awaited<ReturnType<Admin["createUser"]>>;
// oxlint-disable-next-line typescript/no-explicit-any -- a test reads into bodies of every shape
type Answer = Reply<any>;

let server: ServerProcess;
let admin: Admin;
let [ann, bob] = [undefined, undefined] as unknown as [User, User];
let made = 0;
const newName = (): string => `n${(made += 1)}x`;

beforeAll(async () => {
  server = await startServer({ kind: "headwater" });
  admin = await Admin.signIn(server.url);
  const { id } = await admin.createCollection(LISTS);
  await admin.createCollection(todosOf(id));
  [ann, bob] = [await admin.createUser("ann"), await admin.createUser("bob")];
});
afterAll(() => server[Symbol.asyncDispose]());

const post = (user: User | undefined, path: string, body: unknown, headers?: Record<string, string>): Promise<Answer> =>
  request(server.url, "POST", BASE + path, {
    ...(user && { token: `Bearer ${user.token}` }),
    body,
    ...(headers && { headers }),
  });

const pull = (user: User, group: string, cookie: unknown = null): Promise<Answer> =>
  post(user, "/pull", { profileID: "p", clientGroupID: group, cookie, pullVersion: 1, schemaVersion: "" });

interface Call {
  readonly id: number;
  readonly name: string;
  readonly args?: unknown;
  readonly clientID?: string;
}

const push = (user: User, group: string, calls: readonly Call[]): Promise<Answer> =>
  post(user, "/push", {
    profileID: "p",
    clientGroupID: group,
    mutations: calls.map((call) => ({ clientID: `${group}c`, args: null, timestamp: 0.5, ...call })),
    pushVersion: 1,
    schemaVersion: "",
  });

const createList = (id: number, owner: string, title = "List"): Call => ({
  id,
  name: "create",
  args: { collection: "lists", id: newName().padEnd(15, "0"), data: { title, owner } },
});

/** A stream, and what it has said so far. */
function listen(user: User, path = "/stream"): { readonly heard: Inbox<string> } & Disposable {
  const heard = new Inbox<string>();
  const stream = new PokeStream(
    server.url,
    () => user.token,
    (data) => heard.push(data),
    path,
  );
  return { heard, [Symbol.dispose]: () => stream[Symbol.dispose]() };
}

describe("who asks", () => {
  test("nobody gets in without a good token", async () => {
    const forged = { id: "x", token: `${ann.token.slice(0, -3)}abc` };
    for (const user of [undefined, forged]) {
      for (const path of ["/push", "/pull", "/poke-user", "/ticket"])
        expect((await post(user, path, {})).status).toBe(401);
      for (const path of ["/stream", "/events", "/stats", "/stream?ticket=nothing"]) {
        const options = user && { token: user.token };
        expect((await request(server.url, "GET", BASE + path, options)).status).toBe(401);
      }
    }
  });

  test("a token counts with and without Bearer", async () => {
    for (const token of [ann.token, `Bearer ${ann.token}`]) {
      expect(await request(server.url, "GET", `${BASE}/stats`, { token })).toMatchObject({
        status: 200,
        body: { userId: ann.id, userConnections: expect.any(Number), timestamp: expect.stringMatching(/^\d{4}-.*Z$/) },
      });
    }
  });

  test("a client group and its clients belong to one user", async () => {
    const group = newName();
    expect((await push(ann, group, [createList(1, ann.id)])).status).toBe(200);
    expect((await pull(bob, group)).status).toBe(403);
    expect((await push(bob, group, [createList(2, bob.id)])).status).toBe(403);
    expect((await push(bob, newName(), [{ ...createList(2, bob.id), clientID: `${group}c` }])).status).toBe(403);
    const own = newName();
    expect((await pull(ann, own)).status).toBe(200);
    expect((await push(bob, own, [createList(1, bob.id)])).status).toBe(403);
  });

  test("browsers of any origin may send what the client sends", async () => {
    const headers = {
      Origin: "https://example.com",
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "authorization,content-type,x-replicache-requestid",
    };
    const reply = await fetch(`${server.url}${BASE}/pull`, { method: "OPTIONS", headers });
    expect(reply.headers.get("access-control-allow-headers")).toBe(headers["Access-Control-Request-Headers"]);
    expect(reply.headers.get("access-control-allow-origin")).toBe("*");
  });
});

describe("push", () => {
  test("what is refused counts as done and is told, and what comes behind it is done", async () => {
    const group = newName();
    const reply = await push(ann, group, [
      createList(1, ann.id, ""),
      createList(2, bob.id),
      { id: 3, name: "nothing" },
      { id: 4, name: "constructor" },
      { id: 5, name: "create", args: { collection: "nowhere", id: "x" } },
      { id: 6, name: "update", args: { collection: "lists", id: "nobodyisthere00" } },
      createList(7, ann.id, "Seven"),
    ]);
    const { rejected } = reply.body;
    expect(reply.status).toBe(200);
    expect(rejected.map(({ id, error }: { id: number; error: { status: number } }) => [id, error.status])).toEqual(
      [1, 2, 3, 4, 5, 6].map((id) => [id, id > 4 ? 404 : 400]),
    );
    expect(rejected[0].error.data.title.code).toBe("validation_required");
    const { body } = await pull(ann, group);
    expect(body.lastMutationIDChanges).toEqual({ [`${group}c`]: 7 });
    expect(JSON.stringify(body.patch)).toContain("Seven");
  });

  test("what was done is not done again, and several clients keep their own count", async () => {
    const group = newName();
    const calls = [createList(1, ann.id, group), { ...createList(1, ann.id, group), clientID: `${group}d` }];
    for (const again of [calls, calls, [...calls, createList(2, ann.id, group)]]) {
      expect(await push(ann, group, again)).toMatchObject({ status: 200, body: {} });
    }
    const { body } = await pull(ann, group);
    expect(body.lastMutationIDChanges).toEqual({ [`${group}c`]: 2, [`${group}d`]: 1 });
    expect(body.patch.filter((operation: object) => JSON.stringify(operation).includes(group))).toHaveLength(3);
  });

  test("a client with a past that nobody knows is told so, in the protocol's words", async () => {
    const group = newName();
    const unknown = { status: 200, body: { error: "ClientStateNotFound" } };
    expect(await push(ann, group, [createList(5, ann.id)])).toMatchObject(unknown);
    await push(ann, group, [createList(1, ann.id)]);
    expect(await push(ann, group, [createList(3, ann.id)])).toMatchObject(unknown);
    expect(await push(ann, group, [createList(2, ann.id)])).toMatchObject({ status: 200, body: {} });
  });

  test("other protocols are told so, and what is none is refused", async () => {
    const other = (versionType: string) => ({ status: 200, body: { error: "VersionNotSupported", versionType } });
    expect(await post(ann, "/push", { pushVersion: 0, clientID: "c", mutations: [] })).toMatchObject(other("push"));
    expect(await post(ann, "/pull", { pullVersion: 2, clientGroupID: "g", cookie: null })).toMatchObject(other("pull"));
    for (const body of [{}, [], "x", { pushVersion: 1, clientGroupID: "", mutations: [] }]) {
      expect((await post(ann, "/push", body)).status).toBe(400);
    }
  });
});

describe("pull", () => {
  test("without news the cookie is the same and nothing comes with it", async () => {
    const group = newName();
    const { cookie } = (await pull(bob, group)).body;
    expect((await pull(bob, group, cookie)).body).toEqual({ cookie, lastMutationIDChanges: {}, patch: [] });
  });

  test("what was refused moves the cookie, or the client would never learn of it", async () => {
    const group = newName();
    const { cookie } = (await pull(bob, group)).body;
    await push(bob, group, [{ id: 1, name: "nothing" }]);
    const { body } = await pull(bob, group, cookie);
    expect(body).toMatchObject({ lastMutationIDChanges: { [`${group}c`]: 1 }, patch: [] });
    expect(body.cookie.order).toBeGreaterThan(cookie.order);
  });

  test("a large view comes in pages, and what is pushed is confirmed with the last of them", async () => {
    const user = await admin.createUser(newName());
    using db = new Database(join(server.dir, "data.db"));
    db.run("PRAGMA busy_timeout = 10000");
    db.run(
      `INSERT INTO lists (id, title, owner, members) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
       SELECT printf('page%011d', i), 'List ' || i, ?, '[]' FROM n`,
      [user.id],
    );
    const group = newName();
    await push(user, group, [createList(1, user.id)]);
    using stream = listen(user);
    await stream.heard.until((heard) => heard.includes("connected"));
    const keys = new Set<string>();
    let [answer, pages] = [(await pull(user, group)).body, 1];
    for (;;) {
      for (const { op, key } of answer.patch) if (op === "put") keys.add(key);
      if (!answer.partial) break;
      expect(answer.lastMutationIDChanges).toEqual({});
      answer = (await pull(user, group, answer.cookie)).body;
      pages += 1;
    }
    expect(pages).toBeGreaterThan(1);
    expect(keys.size).toBe(20_002);
    expect(answer.lastMutationIDChanges).toEqual({ [`${group}c`]: 1 });
    // Who pulls by pokes alone is poked for the next page.
    await stream.heard.until((heard) => heard.includes("sync"));
    const packed = await fetch(`${server.url}${BASE}/pull`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Encoding": "gzip", Authorization: user.token },
      body: JSON.stringify({ clientGroupID: newName(), cookie: null, pullVersion: 1 }),
    });
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(((await packed.json()) as { patch: unknown[] }).patch.length).toBeGreaterThan(1_000);
  });

  test("an older copy of the database is found out by what it does not know any more", async () => {
    const group = newName();
    await push(ann, group, [createList(1, ann.id)]);
    const { cookie } = (await pull(ann, group)).body;
    using db = new Database(join(server.dir, "data.db"));
    db.run("PRAGMA busy_timeout = 10000");
    db.run("UPDATE _sync_groups SET pushes = 0 WHERE key = ?", [group]);
    db.run("DELETE FROM _sync_clients WHERE key = ?", [`${group}c`]);
    expect(await pull(ann, group, cookie)).toMatchObject({ status: 200, body: { error: "ClientStateNotFound" } });
  });
});

describe("stream", () => {
  test("says that it is connected, and tells of what its user may see, and of nothing else", async () => {
    using hers = listen(ann);
    using his = listen(bob, "/events");
    for (const { heard } of [hers, his]) await heard.until(({ length }) => length > 0);
    expect([hers.heard.items[0], his.heard.items[0]]).toEqual(["connected", "connected"]);
    const list = await admin.create("lists", { title: "List", owner: ann.id });
    await hers.heard.until((heard) => heard.includes("sync"));
    expect(his.heard.items).toEqual(["connected"]);
    await admin.update("lists", list.id, { members: [bob.id] });
    await his.heard.until((heard) => heard.includes("sync"));
  });

  test("pokes that come together are one", async () => {
    using hers = listen(ann);
    await hers.heard.until(({ length }) => length > 0);
    await Promise.all(Array.from({ length: 30 }, () => admin.create("lists", { title: "List", owner: ann.id })));
    const group = newName();
    await push(ann, group, [{ id: 1, name: "nothing" }]);
    await hers.heard.until((heard) => heard.includes("sync"));
    await post(ann, "/poke-user", {});
    await hers.heard.until((heard) => heard.filter((data) => data === "sync").length > 1);
    expect(hers.heard.items.length).toBeLessThan(20);
  });

  test("poke-user and stats count the streams of the user, and all", async () => {
    const user = await admin.createUser(newName());
    using one = listen(user);
    using other = listen(user);
    using his = listen(bob);
    for (const { heard } of [one, other, his]) await heard.until((items) => items.includes("connected"));
    const poked = await post(user, "/poke-user", {});
    expect(poked.body).toEqual({
      success: true,
      userId: user.id,
      clientsNotified: 2,
      message: "User-specific sync triggered",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    for (const { heard } of [one, other]) await heard.until((items) => items.includes("sync"));
    expect(his.heard.items).not.toContain("sync");
    const { body } = (await request(server.url, "GET", `${BASE}/stats`, { token: user.token })) as Answer;
    expect(body).toMatchObject({ userId: user.id, userConnections: 2 });
    expect(body.totalConnections).toBeGreaterThanOrEqual(3);
  });

  test("an EventSource comes in with a ticket, which is good once", async () => {
    const { ticket, expires } = (await post(ann, "/ticket", {})).body;
    expect(Date.parse(expires)).toBeGreaterThan(Date.now());
    const url = `${server.url}${BASE}/stream?ticket=${ticket}`;
    const heard = new Inbox<string>();
    const source = new EventSource(url);
    source.addEventListener("message", ({ data }) => heard.push(String(data)));
    await heard.until((items) => items.includes("connected"));
    await post(ann, "/poke-user", {});
    await heard.until((items) => items.includes("sync"));
    source.close();
    expect((await fetch(url)).status).toBe(401);
    const log = await server.stdout();
    expect(log).not.toContain(ticket);
  });

  test("its headers are those of an event stream that nobody buffers", async () => {
    const abort = new AbortController();
    const { headers } = await fetch(`${server.url}${BASE}/stream`, {
      headers: { Authorization: ann.token, Origin: "https://example.com" },
      signal: abort.signal,
    });
    abort.abort();
    expect(headers.get("content-type")).toBe("text/event-stream");
    expect(headers.get("cache-control")).toBe("no-cache");
    expect(headers.get("x-accel-buffering")).toBe("no");
    expect(headers.get("access-control-allow-origin")).toBe("*");
  });

  test("a stream ends when its user's tokens are revoked, and hears of a collection that was made meanwhile", async () => {
    const user = await admin.createUser(newName());
    using stream = listen(user);
    await stream.heard.until((items) => items.includes("connected"));
    const name = newName();
    await admin.createCollection({ name, listRule: "", fields: [] });
    await stream.heard.until((items) => items.includes("sync"));
    const syncs = stream.heard.items.length;
    await Bun.sleep(100); // What was gathered has left.
    await admin.create(name, {});
    await stream.heard.until((items) => items.length > syncs);
    await admin.update("users", user.id, { password: "another-password", passwordConfirm: "another-password" });
    const connections = async (): Promise<number> => {
      const { token } = await admin.createUser(newName());
      const { body } = (await request(server.url, "GET", `${BASE}/stats`, { token })) as Answer;
      return body.totalConnections;
    };
    while ((await connections()) > 0) await Bun.sleep(20);
  });
});
