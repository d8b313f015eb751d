import { describe, expect, test } from "bun:test";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { defineCollection } from "../../library/collections/define-collection.ts";
import { number, text } from "../../library/collections/fields.ts";
import { openLibraryApp } from "../../testing/library-app.ts";
import { play } from "../../testing/scenario.ts";

const open = { listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "" } as const;
const posts = defineCollection("posts", { fields: { title: text({ required: true }), count: number() }, ...open });
const logs = defineCollection("logs", { fields: { line: text() } });
const members = defineCollection("members", {
  type: "auth",
  fields: { name: text() },
  ...open,
  updateRule: "id = @request.auth.id",
});

const POSTS = "/api/collections/posts/records";
const ID = "aaaaaaaaaaaaaa1";

async function start(batch: object = {}) {
  const opened = await openLibraryApp({ collections: [posts, logs, members] });
  const { app } = opened;
  const { url } = app.start();
  const account = { email: "root@example.com", password: "1234567890" };
  await app.records("_superusers").create(account);
  const sign = await play(url, {
    method: "POST",
    path: "/api/collections/_superusers/auth-with-password",
    body: { identity: account.email, password: account.password },
  });
  const { token } = (await sign.json()) as { token: string };
  const settings = { batch: { enabled: true, maxRequests: 1_000, ...batch } };
  await play(url, { method: "PATCH", path: "/api/settings", token, body: settings });
  const send = async (requests: readonly object[], as?: string) => {
    const response = await play(url, {
      method: "POST",
      path: "/api/batch",
      body: { requests },
      ...(as && { token: as }),
    });
    return { status: response.status, body: await response.json() };
  };
  return { ...opened, url, send };
}

const create = (body: object) => ({ method: "POST", url: POSTS, body });
const update = (id: string, body: object) => ({ method: "PATCH", url: `${POSTS}/${id}`, body });
const remove = (id: string) => ({ method: "DELETE", url: `${POSTS}/${id}` });

describe("hooks", () => {
  test("before hooks see the record as their request will find it", async () => {
    const { app, send } = await start();
    const seen: unknown[] = [];
    app.before("update", posts, async ({ record, values }) => {
      await Bun.sleep(0);
      seen.push([record.title, record.count]);
      values.title = `${record.title}+`;
    });
    app.before("delete", posts, ({ record }) => void seen.push([record.title, "goes"]));
    const requests = [
      create({ id: ID, title: "a" }),
      update(ID, { "count+": 2 }),
      update(ID, { "count+": 3 }),
      remove(ID),
    ];
    expect(await send(requests)).toMatchObject({ status: 200 });
    expect(seen).toEqual([
      ["a", 0],
      ["a+", 2],
      ["a++", "goes"],
    ]);
  });

  test("within hooks write in the batch's transaction, and after hooks run for each change", async () => {
    const { app, send } = await start();
    const after: string[] = [];
    const all = Promise.withResolvers<void>();
    app.within("create", posts, async ({ record, tx }) => void (await tx.records(logs).create({ line: record.title })));
    app.after("create", posts, ({ record }) => {
      if (after.push(record.title) === 2) all.resolve();
    });
    expect(await send([create({ title: "a" }), create({ title: "b" })])).toMatchObject({ status: 200 });
    await all.promise;
    expect(after).toEqual(["a", "b"]);
    expect((await app.records(logs).list({ sort: "line" })).items.map(({ line }) => line)).toEqual(["a", "b"]);
  });

  test.each(["before", "within"] as const)("a %s hook that throws rolls back everything", async (stage) => {
    const { app, send, log } = await start();
    const refuse = ({ title }: { readonly title?: string }): void => {
      if (title === "c") throw new Error("a secret");
    };
    if (stage === "before") app.before("create", posts, ({ values }) => refuse(values));
    else app.within("create", posts, ({ record }) => refuse(record));
    const answer = await send([create({ title: "a" }), create({ title: "b" }), create({ title: "c" })]);
    expect(answer).toMatchObject({
      status: 400,
      body: {
        message: "Batch transaction failed.",
        data: { requests: { 2: { response: { status: 500, data: {} } } } },
      },
    });
    expect(JSON.stringify(answer)).not.toContain("secret");
    expect(log.some(({ err }) => JSON.stringify(err)?.includes("a secret"))).toBe(true);
    expect((await app.records(posts).list()).totalItems).toBe(0);
  });

  test("an earlier request that fails wins over a hook of a later one", async () => {
    const { app, send } = await start();
    app.before("create", posts, ({ values }) => {
      if (values.title === "c") throw new Error("later");
    });
    const answer = await send([create({ title: "a" }), update("missing", {}), create({ title: "c" })]);
    expect(answer.body).toMatchObject({ data: { requests: { 1: { response: { status: 404 } } } } });
  });
});

test("listeners get all of a batch in its order, or nothing", async () => {
  const { url, send } = await start();
  const client = await SseClient.connect(url);
  await client.subscribe(["posts/*"]);
  await send([create({ title: "lost" }), create({ title: "lost too" }), update("missing", {})]);
  await send([create({ id: ID, title: "a" }), update(ID, { title: "b" }), create({ title: "c" }), remove(ID)]);
  await client.inbox.until((events) => events.length >= 4);
  client.close();
  const events = client.events.map(({ data }) => JSON.parse(data) as { action: string; record: { title: string } });
  expect(events.map(({ action, record }) => [action, record.title])).toEqual([
    ["create", "a"],
    ["update", "b"],
    ["create", "c"],
    ["delete", "b"],
  ]);
});

test("passwords are hashed before the transaction, also those of records that the batch creates", async () => {
  const { app, url, send } = await start();
  const MEMBERS = "/api/collections/members/records";
  const password = (value: string) => ({ password: value, passwordConfirm: value });
  const signIn = async (value: string) => {
    const body = { identity: "m@example.com", password: value };
    const response = await play(url, { method: "POST", path: "/api/collections/members/auth-with-password", body });
    return { status: response.status, token: ((await response.json()) as { token: string }).token };
  };
  await app.records(members).create({ id: ID, email: "m@example.com", password: "1234567890" });
  const change = (old: string, next: string) => ({
    method: "PATCH",
    url: `${MEMBERS}/${ID}`,
    body: { oldPassword: old, ...password(next) },
  });
  const { token } = await signIn("1234567890");
  const wrong = await send([change("1234567890", "2234567890"), change("1234567890", "3234567890")], token);
  expect(wrong.body).toMatchObject({ data: { requests: { 1: { response: { data: { oldPassword: {} } } } } } });
  const right = await send([change("1234567890", "2234567890"), change("2234567890", "3234567890")], token);
  expect(right.status).toBe(200);
  expect((await signIn("3234567890")).status).toBe(200);
  expect((await signIn("2234567890")).status).toBe(400);
});

test("upserts of the same record at the same time all succeed, and one creates it", async () => {
  const { app, send } = await start();
  const upsert = () => send([{ method: "PUT", url: POSTS, body: { id: ID, title: "x", "count+": 1 } }]);
  const answers = await Promise.all(Array.from({ length: 8 }, upsert));
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect((await app.records(posts).get(ID)).count).toBe(8);
});

test("a batch that fails undoes nothing of the writes that share its commit", async () => {
  const { app, send } = await start();
  const failing = () => send([create({ title: "batch" }), update("missing", {})]);
  const writes = Array.from({ length: 8 }, (_, i) => [failing(), app.records(posts).create({ title: `${i}` })]);
  await Promise.all(writes.flat());
  const page = await app.records(posts).list({ sort: "title" });
  expect(page.items.map(({ title }) => title)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
});

test("a batch that takes too long writes nothing", async () => {
  const { app, send, url } = await start({ timeout: 1 });
  app.before("create", posts, async ({ values }) => {
    if (values.title === "slow") await Bun.sleep(1_100);
  });
  const answer = await send([create({ title: "slow" }), create({ title: "b" })]);
  expect(answer).toEqual({ status: 400, body: { data: {}, message: "Batch transaction failed.", status: 400 } });
  expect((await app.records(posts).list()).totalItems).toBe(0);
  expect((await play(url, { path: "/api/health" })).status).toBe(200);
});

test("a batch of a client that has left writes nothing", async () => {
  const { app, url } = await start();
  const isRunning = Promise.withResolvers<void>();
  const goesOn = Promise.withResolvers<void>();
  const isOver = Promise.withResolvers<void>();
  app.before("create", posts, async ({ values }) => {
    if (values.title !== "a") return isOver.resolve();
    isRunning.resolve();
    await goesOn.promise;
  });
  const leaving = new AbortController();
  const body = JSON.stringify({ requests: [create({ title: "a" }), create({ title: "b" })] });
  const headers = { "Content-Type": "application/json" };
  const sent = fetch(`${url}/api/batch`, { method: "POST", headers, body, signal: leaving.signal }).catch(() => {});
  await isRunning.promise;
  leaving.abort();
  await sent;
  // A later request is answered after the server has noticed.
  await play(url, { path: "/api/health" });
  goesOn.resolve();
  await app.records(posts).create({ title: "last" });
  await app.stop();
  await isOver.promise;
  const { app: again } = await openLibraryApp({ dir: app.config.dir });
  expect((await again.records(posts).list()).items.map(({ title }) => title)).toEqual(["last"]);
});
