import { expect, setDefaultTimeout, test } from "bun:test";
import { openLibraryApp, type LibraryApp, refusal } from "../../testing/library-app.ts";
import { play } from "../../testing/scenario.ts";
import { defineCollection } from "../collections/define-collection.ts";
import { text } from "../collections/fields.ts";

setDefaultTimeout(60_000);

const posts = defineCollection("posts", { fields: { title: text() }, createRule: "", listRule: "" });
const others = defineCollection("others", { fields: { title: text() }, createRule: "", listRule: "" });
const LIMITS = { hookMs: 150, blockMs: 100 };

const never = (): Promise<void> => new Promise(() => {});
const forever = (): never => {
  for (;;);
};

async function open(): Promise<LibraryApp & { readonly url: string }> {
  const opened = await openLibraryApp({ collections: [posts, others], limits: LIMITS });
  return { ...opened, url: opened.app.start().url };
}

const create = (url: string, collection: string, title: string): Promise<Response> =>
  play(url, { method: "POST", path: `/api/collections/${collection}/records`, body: { title } });

/** The status of a create, and how the log names what made it fail. */
async function failure({ url, logged }: { url: string } & Pick<LibraryApp, "logged">): Promise<object> {
  const { status } = await create(url, "posts", "x");
  const { err } = await logged("request failed");
  return { status, message: (err as { readonly message: string }).message };
}

test("a before hook that never ends fails its write with an error that names it, and nobody else waits", async () => {
  const opened = await open();
  const { app, url } = opened;
  app.before("create", posts, never);
  const failing = failure(opened);
  expect((await create(url, "others", "y")).status).toBe(200);
  expect(await failing).toEqual({
    status: 500,
    message: "the before hook of create in posts took longer than 0.15 seconds.",
  });
  expect((await app.records(posts).list()).totalItems).toBe(0);
});

test.each(["before", "within"] as const)("a %s hook that computes for ever is ended", async (stage) => {
  const opened = await open();
  if (stage === "before") opened.app.before("create", posts, forever);
  else opened.app.within("create", posts, forever);
  expect(await failure(opened)).toEqual({
    status: 500,
    message: `the ${stage} hook of create in posts took longer than 0.1 seconds.`,
  });
  expect((await create(opened.url, "others", "y")).status).toBe(200);
  expect((await opened.app.records(posts).list()).totalItems).toBe(0);
});

test("a within hook that reads for ever is ended, even if it catches every error, and reads go on meanwhile", async () => {
  const opened = await open();
  const { app, url } = opened;
  const reading = Promise.withResolvers<void>();
  app.within("create", posts, async ({ tx }) => {
    for (;;) {
      try {
        await tx.records(others).list();
        reading.resolve();
      } catch {
        // It tries again.
      }
    }
  });
  const failing = failure(opened);
  await reading.promise;
  expect((await play(url, { path: "/api/collections/others/records" })).status).toBe(200);
  expect(await failing).toEqual({
    status: 500,
    message: "the within hook of create in posts took longer than 0.1 seconds.",
  });
  expect((await create(url, "others", "y")).status).toBe(200);
});

test("a before hook that reads for ever lets others go on, and goes no further when its time is over", async () => {
  const opened = await open();
  const { app, url } = opened;
  let reads = 0;
  app.before("create", posts, async ({ records }) => {
    for (; ; reads += 1) await records(others).list();
  });
  const failing = failure(opened);
  expect((await create(url, "others", "y")).status).toBe(200);
  expect(await failing).toMatchObject({ message: expect.stringContaining("the before hook of create in posts") });
  const after = reads;
  for (let turn = 0; turn < 10; turn += 1) await play(url, { path: "/api/health" });
  expect(reads).toBe(after);
});

test("an after hook that never ends is reported, and the next ones run", async () => {
  const { app, logged } = await open();
  const titles: string[] = [];
  const both = Promise.withResolvers<void>();
  app.after("create", posts, never);
  app.after("create", posts, ({ record }) => {
    if (titles.push(record.title) === 2) both.resolve();
  });
  for (const title of ["one", "two"]) await app.records(posts).create({ title });
  await both.promise;
  expect(titles).toEqual(["one", "two"]);
  const line = await logged("an after hook failed");
  expect(line).toMatchObject({ err: { message: expect.stringContaining("the after hook of create in posts took") } });
});

test("a mutator that never ends is named, keeps its mutation for later, and holds up no other push", async () => {
  const { app, url, logged } = await open();
  const users = app.records("users");
  const account = { email: "ann@example.com", password: "1234567890" };
  await users.create(account);
  const signIn = { identity: account.email, password: account.password };
  const path = "/api/collections/users/auth-with-password";
  const { token } = (await (await play(url, { method: "POST", path, body: signIn })).json()) as { token: string };
  app.mutator("hang", never);
  app.mutator("spin", forever);
  app.mutator("loop", async ({ tx }) => {
    for (;;) await tx.records(others).list();
  });
  app.mutator("fine", async ({ tx }) => void (await tx.records(others).create({ title: "fine" })));
  const push = (group: string, name: string): Promise<Response> =>
    play(url, {
      method: "POST",
      path: "/api/v1/replicache/push",
      token,
      body: { pushVersion: 1, clientGroupID: group, mutations: [{ clientID: `c${group}`, id: 1, name, args: null }] },
    });
  const hanging = ["hang", "spin", "loop"].map((name) => push(name, name));
  expect((await push("fine", "fine")).status).toBe(200);
  expect((await Promise.all(hanging)).map(({ status }) => status)).toEqual([500, 500, 500]);
  expect(((await logged("request failed"))["err"] as Error).message).toContain("the mutator hang");
  expect((await app.records(others).list()).totalItems).toBe(1);
});

test("a transaction that never ends is ended, and so are routes and tasks that compute for ever", async () => {
  const { app, url, log } = await open();
  const looping = app.transaction(async (tx) => {
    await tx.records(others).create({ title: "undone" });
    for (;;) await tx.records(others).list();
  });
  expect(String(await refusal(looping))).toContain("a transaction took longer than 0.1 seconds.");
  expect((await app.records(others).list()).totalItems).toBe(0);
  app.route("GET", "/spin", forever);
  expect((await play(url, { path: "/spin" })).status).toBe(500);
  expect(JSON.stringify(log)).toContain("the route GET /spin took longer than 0.1 seconds.");
  app.tasks.define("spin", forever);
  const { id } = await app.tasks.start("spin");
  for (;;) {
    const task = await app.tasks.get(id);
    if (task?.ended) {
      expect(task.error?.message).toContain('The task "spin" blocked the server for 0.1 seconds.');
      break;
    }
    await Bun.sleep(5);
  }
});
