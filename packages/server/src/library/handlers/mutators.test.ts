import { expect, test } from "bun:test";
import { join } from "node:path";
import type { PullResponse, PushResponse } from "@headwater/protocol";
import { badRequest } from "../../lib/api-error.ts";
import { expireSync } from "../../sync/expiration.ts";
import { openSqliteStore } from "../../store/sqlite/sqlite-store.ts";
import { openLibraryApp } from "../../testing/library-app.ts";
import { play } from "../../testing/scenario.ts";
import { defineCollection } from "../collections/define-collection.ts";
import { number, relation, text } from "../collections/fields.ts";

const users = defineCollection("users", { type: "auth", fields: { name: text() }, createRule: "", listRule: "" });
const accounts = defineCollection("accounts", {
  fields: { owner: relation("users"), balance: number({ min: 0 }), note: text() },
  listRule: "owner = @request.auth.id",
  viewRule: "owner = @request.auth.id",
  createRule: "owner = @request.auth.id",
  updateRule: "owner = @request.auth.id",
});

interface Call {
  readonly name: string;
  readonly args: unknown;
  /** One more than the last id unless given. */
  readonly id?: number;
}

async function open() {
  const { app } = await openLibraryApp({ collections: [users, accounts] });
  const ann = await app.records(users).create({ email: "ann@example.com", password: "1234567890", name: "Ann" });
  const { url } = app.start();
  const signedIn = await play(url, {
    method: "POST",
    path: "/api/collections/users/auth-with-password",
    body: { identity: "ann@example.com", password: "1234567890" },
  });
  const { token } = (await signedIn.json()) as { token: string };
  let last = 0;
  const send = (path: string, body: object): Promise<Response> =>
    play(url, { method: "POST", path: `/api/v1/replicache/${path}`, token, body: { clientGroupID: "group", ...body } });
  const push = async (...calls: readonly Call[]): Promise<{ status: number; body: PushResponse }> => {
    const mutations = calls.map(({ id, ...call }) => ({ clientID: "client", id: id ?? (last += 1), ...call }));
    const response = await send("push", { pushVersion: 1, mutations });
    return { status: response.status, body: (await response.json()) as PushResponse };
  };
  const pull = async (cookie: unknown = null): Promise<PullResponse> =>
    (await (await send("pull", { pullVersion: 1, cookie })).json()) as PullResponse;
  const account = (balance: number, owner = ann.id) => app.records(accounts).create({ balance, owner });
  const balances = async (...ids: readonly string[]): Promise<number[]> =>
    Promise.all(ids.map(async (id) => (await app.records(accounts).get(id)).balance));
  return { app, ann, push, pull, account, balances };
}

test("a mutator runs as its caller, all or nothing, and its refusals are in the response", async () => {
  const { app, ann, push, account, balances } = await open();
  const strange = await app.records(users).create({ email: "eve@example.com", password: "1234567890" });
  app.mutator("move", async ({ args, caller, records, tx }) => {
    const { from, to, amount } = args as { from: string; to: string; amount: number };
    expect(caller.record?.id).toBe(ann.id);
    await records(accounts).update(from, { "balance-": amount });
    await tx.records(accounts).update(to, { "balance+": amount });
    if (amount > 50) throw badRequest("Too much at once.");
  });
  const [mine, hers] = [await account(100), await account(0, strange.id)];
  const move = (from: string, to: string, amount: number): Call => ({ name: "move", args: { from, to, amount } });
  const { status, body } = await push(
    move(mine.id, hers.id, 30),
    move(mine.id, hers.id, 60),
    move(hers.id, mine.id, 10),
    move(mine.id, hers.id, 5),
  );
  expect(status).toBe(200);
  expect(body.rejected?.map(({ id, error }) => [id, error.status, error.message])).toEqual([
    [2, 400, "Too much at once."],
    [3, 404, "The requested resource wasn't found."],
  ]);
  expect(await balances(mine.id, hers.id)).toEqual([65, 35]);
});

test("a call that fails by the server's fault does not count as done, and is done when it is sent again", async () => {
  const { app, push, account, balances } = await open();
  let isBroken = true;
  app.mutator("pay", async ({ args, tx }) => {
    await tx.records(accounts).update(String(args), { "balance+": 1 });
    if (isBroken) throw new Error("a bug");
  });
  app.mutator("stray", async () => {
    await Bun.sleep(1);
  });
  const { id } = await account(0);
  expect((await push({ name: "pay", args: id }, { name: "pay", args: id })).status).toBe(500);
  expect(await balances(id)).toEqual([0]);
  isBroken = false;
  const again = [1, 2].map((mutation) => ({ id: mutation, name: "pay", args: id }));
  expect((await push(...again)).status).toBe(200);
  expect((await push(...again)).status).toBe(200);
  expect(await balances(id)).toEqual([2]);
  expect((await push({ name: "stray", args: null })).status).toBe(500);
});

test("hooks run for pushed writes, also before hooks that await anything", async () => {
  const { app, ann, push, pull } = await open();
  const seen: string[] = [];
  app.before("create", accounts, async ({ values, caller, records }) => {
    await Bun.sleep(1);
    values.note = `of ${caller.kind}, after ${(await records(accounts).list()).totalItems}`;
    if (values.balance === 13) throw badRequest("Bad luck.");
  });
  app.within("create", accounts, ({ record }) => void seen.push(record.note));
  const create = (id: string, balance: number): Call => ({
    name: "create",
    args: { collection: "accounts", id: id.padEnd(15, "0"), data: { balance, owner: ann.id } },
  });
  const { body } = await push(create("a", 1), create("b", 13), create("c", 3));
  expect(body.rejected?.map(({ id }) => id)).toEqual([2]);
  expect(seen).toEqual(["of user, after 0", "of user, after 1"]);
  expect((await pull()).patch).toHaveLength(1 + 1 + 2);
});

test("a pushed password is hashed outside of any transaction", async () => {
  const { app, push } = await open();
  const data = { email: "new@example.com", password: "a long one", passwordConfirm: "a long one" };
  const args = { collection: "users", id: "new".padEnd(15, "0"), data };
  expect(await push({ name: "create", args }, { id: 1, name: "create", args })).toMatchObject({
    status: 200,
    body: {},
  });
  expect((await app.records(users).list()).totalItems).toBe(2);
});

test("a client that returns after all its state has expired loses nothing", async () => {
  const { app, ann, push, pull, account } = await open();
  const { id } = await account(1);
  const update = (balance: number): Call => ({
    name: "update",
    args: { collection: "accounts", id, data: { balance } },
  });
  await push(update(2));
  const before = await pull();
  expect(before.lastMutationIDChanges).toEqual({ client: 1 });
  const store = openSqliteStore(join(app.config.dir, "data.db"));
  await expireSync(store, new Date(Date.now() + 1_000), { viewMs: 0, clientMs: 0 });
  for (const table of ["_sync_groups", "_sync_clients", "_sync_view"]) {
    expect(await store.all({ text: `SELECT * FROM ${table}`, values: [] })).toEqual([]);
  }
  await store.close();
  expect(await push(update(3))).toMatchObject({ status: 200, body: {} });
  const after = await pull(before.cookie);
  expect(after.lastMutationIDChanges).toEqual({ client: 2 });
  expect(after.cookie.order).toBeGreaterThan(before.cookie.order);
  expect(after.patch[0]).toEqual({ op: "clear" });
  expect(after.patch).toContainEqual(
    expect.objectContaining({ key: `accounts/${id}`, value: expect.objectContaining({ balance: 3, owner: ann.id }) }),
  );
});
