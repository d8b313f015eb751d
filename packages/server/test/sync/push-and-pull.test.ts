import { Database } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { BASE, createList, newName, useSyncServer } from "./sync-server.ts";

setDefaultTimeout(60_000);

const server = useSyncServer();

describe("authentication", () => {
  test("every endpoint refuses requests without a valid token", async () => {
    const forged = { id: "x", token: `${server.ann.token.slice(0, -3)}abc` };
    for (const user of [undefined, forged]) {
      for (const path of ["/push", "/pull", "/poke-user", "/ticket"])
        expect((await server.post(user, path, {})).status).toBe(401);
      for (const path of ["/stream", "/events", "/stats", "/stream?ticket=nothing"]) {
        expect((await server.get(user, path)).status).toBe(401);
      }
    }
  });

  test("a token works with and without Bearer", async () => {
    for (const token of [server.ann.token, `Bearer ${server.ann.token}`]) {
      expect(await server.get({ token }, "/stats")).toMatchObject({
        status: 200,
        body: {
          userId: server.ann.id,
          userConnections: expect.any(Number),
          timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
        },
      });
    }
  });

  test("a client group and its clients belong to one user", async () => {
    const group = newName();
    expect((await server.push(server.ann, group, [createList(1, server.ann.id)])).status).toBe(200);
    expect((await server.pull(server.bob, group)).status).toBe(403);
    expect((await server.push(server.bob, group, [createList(2, server.bob.id)])).status).toBe(403);
    expect(
      (await server.push(server.bob, newName(), [{ ...createList(2, server.bob.id), clientID: `${group}c` }])).status,
    ).toBe(403);
    const own = newName();
    expect((await server.pull(server.ann, own)).status).toBe(200);
    expect((await server.push(server.bob, own, [createList(1, server.bob.id)])).status).toBe(403);
  });

  test("CORS allows the client's headers from any origin", async () => {
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
  test("refused mutations are reported and count as processed, and later mutations run", async () => {
    const group = newName();
    const reply = await server.push(server.ann, group, [
      createList(1, server.ann.id, ""),
      createList(2, server.bob.id),
      { id: 3, name: "nothing" },
      { id: 4, name: "constructor" },
      { id: 5, name: "create", args: { collection: "nowhere", id: "x" } },
      { id: 6, name: "update", args: { collection: "lists", id: "nobodyisthere00" } },
      createList(7, server.ann.id, "Seven"),
    ]);
    const { rejected } = reply.body;
    expect(reply.status).toBe(200);
    expect(rejected.map(({ id, error }: { id: number; error: { status: number } }) => [id, error.status])).toEqual(
      [1, 2, 3, 4, 5, 6].map((id) => [id, id > 4 ? 404 : 400]),
    );
    expect(rejected[0].error.data.title.code).toBe("validation_required");
    const { body } = await server.pull(server.ann, group);
    expect(body.lastMutationIDChanges).toEqual({ [`${group}c`]: 7 });
    expect(JSON.stringify(body.patch)).toContain("Seven");
  });

  test("a mutation runs only once, and each client has its own counter", async () => {
    const group = newName();
    const calls = [
      createList(1, server.ann.id, group),
      { ...createList(1, server.ann.id, group), clientID: `${group}d` },
    ];
    for (const again of [calls, calls, [...calls, createList(2, server.ann.id, group)]]) {
      expect(await server.push(server.ann, group, again)).toMatchObject({ status: 200, body: {} });
    }
    const { body } = await server.pull(server.ann, group);
    expect(body.lastMutationIDChanges).toEqual({ [`${group}c`]: 2, [`${group}d`]: 1 });
    expect(body.patch.filter((operation: object) => JSON.stringify(operation).includes(group))).toHaveLength(3);
  });

  test("an unknown client with earlier mutations gets ClientStateNotFound", async () => {
    const group = newName();
    const unknown = { status: 200, body: { error: "ClientStateNotFound" } };
    expect(await server.push(server.ann, group, [createList(5, server.ann.id)])).toMatchObject(unknown);
    await server.push(server.ann, group, [createList(1, server.ann.id)]);
    expect(await server.push(server.ann, group, [createList(3, server.ann.id)])).toMatchObject(unknown);
    expect(await server.push(server.ann, group, [createList(2, server.ann.id)])).toMatchObject({
      status: 200,
      body: {},
    });
  });

  test("other protocol versions get VersionNotSupported, and invalid bodies are refused", async () => {
    const other = (versionType: string) => ({ status: 200, body: { error: "VersionNotSupported", versionType } });
    expect(await server.post(server.ann, "/push", { pushVersion: 0, clientID: "c", mutations: [] })).toMatchObject(
      other("push"),
    );
    expect(await server.post(server.ann, "/pull", { pullVersion: 2, clientGroupID: "g", cookie: null })).toMatchObject(
      other("pull"),
    );
    for (const body of [{}, [], "x", { pushVersion: 1, clientGroupID: "", mutations: [] }]) {
      expect((await server.post(server.ann, "/push", body)).status).toBe(400);
    }
  });
});

describe("pull", () => {
  test("without changes, the cookie stays the same and the patch is empty", async () => {
    const group = newName();
    const { cookie } = (await server.pull(server.bob, group)).body;
    expect((await server.pull(server.bob, group, cookie)).body).toEqual({
      cookie,
      lastMutationIDChanges: {},
      patch: [],
    });
  });

  test("a refused mutation changes the cookie, so that the client learns of it", async () => {
    const group = newName();
    const { cookie } = (await server.pull(server.bob, group)).body;
    await server.push(server.bob, group, [{ id: 1, name: "nothing" }]);
    const { body } = await server.pull(server.bob, group, cookie);
    expect(body).toMatchObject({ lastMutationIDChanges: { [`${group}c`]: 1 }, patch: [] });
    expect(body.cookie.order).toBeGreaterThan(cookie.order);
  });

  test("a large view comes in pages, and mutations are confirmed with the last page", async () => {
    const user = await server.superuser.createUser(newName());
    using db = new Database(join(server.process.dir, "data.db"));
    db.run("PRAGMA busy_timeout = 10000");
    db.run(
      `INSERT INTO lists (id, title, owner, members) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
       SELECT printf('page%011d', i), 'List ' || i, ?, '[]' FROM n`,
      [user.id],
    );
    const group = newName();
    await server.push(user, group, [createList(1, user.id)]);
    using stream = server.listen(user);
    await stream.messages.until((messages) => messages.includes("connected"));
    const keys = new Set<string>();
    let [answer, pages] = [(await server.pull(user, group)).body, 1];
    for (;;) {
      for (const { op, key } of answer.patch) if (op === "put") keys.add(key);
      if (!answer.partial) break;
      expect(answer.lastMutationIDChanges).toEqual({});
      answer = (await server.pull(user, group, answer.cookie)).body;
      pages += 1;
    }
    expect(pages).toBeGreaterThan(1);
    expect(keys.size).toBe(20_002);
    expect(answer.lastMutationIDChanges).toEqual({ [`${group}c`]: 1 });
    // Clients that pull only when poked get a poke for the next page.
    await stream.messages.until((messages) => messages.includes("sync"));
    const packed = await fetch(`${server.url}${BASE}/pull`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Encoding": "gzip", Authorization: user.token },
      body: JSON.stringify({ clientGroupID: newName(), cookie: null, pullVersion: 1 }),
    });
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(((await packed.json()) as { patch: unknown[] }).patch.length).toBeGreaterThan(1_000);
  });

  test("an older copy of the database is detected by the state that it lacks", async () => {
    const group = newName();
    await server.push(server.ann, group, [createList(1, server.ann.id)]);
    const { cookie } = (await server.pull(server.ann, group)).body;
    using db = new Database(join(server.process.dir, "data.db"));
    db.run("PRAGMA busy_timeout = 10000");
    db.run("UPDATE _sync_groups SET pushes = 0 WHERE key = ?", [group]);
    db.run("DELETE FROM _sync_clients WHERE key = ?", [`${group}c`]);
    expect(await server.pull(server.ann, group, cookie)).toMatchObject({
      status: 200,
      body: { error: "ClientStateNotFound" },
    });
  });

  test("if the log is unreadable, the view is compared with the records that the user may see now", async () => {
    const list = (await server.superuser.create("lists", { title: "Moves", owner: server.ann.id })).id;
    const todo = (await server.superuser.create("todos", { list, text: "Moves along" })).id;
    const group = newName();
    const { cookie } = (await server.pull(server.ann, group)).body;
    using db = new Database(join(server.process.dir, "data.db"));
    db.run("PRAGMA busy_timeout = 10000");
    db.transaction(() => {
      db.run("UPDATE lists SET owner = ? WHERE id = ?", [server.bob.id, list]);
      db.run(
        `INSERT INTO _changes (time, collection, record, action, before, after)
         SELECT 0, id, ?, 'update', '{"id": "', '{' FROM _collections WHERE name = 'lists'`,
        [list],
      );
    })();
    const { status, body } = await server.pull(server.ann, group, cookie);
    expect(status).toBe(200);
    expect(body.patch).toContainEqual({ op: "del", key: `lists/${list}` });
    expect(body.patch).toContainEqual({ op: "del", key: `todos/${todo}` });
  });
});
