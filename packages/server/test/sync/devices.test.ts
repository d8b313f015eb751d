import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { LISTS, todosOf } from "./collections.ts";
import { Device, type DeviceOptions } from "./device.ts";
import { SYNC_HOOKS } from "./sync-server.ts";

setDefaultTimeout(120_000);

let server: ServerProcess;
let superuser: SuperuserClient;
const open: Device[] = [];

beforeAll(async () => {
  server = await startServer({ kind: "headwater", args: SYNC_HOOKS });
  superuser = await SuperuserClient.signIn(server.url);
  const { id } = await superuser.createCollection(LISTS);
  await superuser.createCollection(todosOf(id));
});
afterAll(async () => {
  for (const device of open) await device[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function openDevice(options: Partial<DeviceOptions> & { token: string }): Device {
  const made = new Device({ url: server.url, ...options });
  open.push(made);
  return made;
}

let names = 0;
const newName = (): string => `x${(names += 1)}`;
const newUser = () => superuser.createUser(newName());
const newId = (): string => `${newName()}x`.padEnd(15, "0");

/** A user's list with a todo in it, made by an administrator. */
async function listOf(user: { readonly id: string }, more: object = {}): Promise<{ list: string; todo: string }> {
  const list = (await superuser.create("lists", { title: "List", owner: user.id, ...more })).id;
  return { list, todo: (await superuser.create("todos", { list, text: "Todo" })).id };
}

test("what is done on one device is seen on the other, and both agree in the end", async () => {
  const ann = await newUser();
  const [phone, laptop] = [openDevice(ann), openDevice(ann)];
  const [list, todo] = [newId(), newId()];
  await phone.mutate.create({ collection: "lists", id: list, data: { title: "Groceries", owner: ann.id } });
  await phone.mutate.create({ collection: "todos", id: todo, data: { list, text: "Milk" } });
  await laptop.until((view) => view[`todos/${todo}`]?.["text"] === "Milk");

  laptop.goOffline();
  await laptop.mutate.update({ collection: "todos", id: todo, data: { done: true } });
  await phone.mutate.update({ collection: "todos", id: todo, data: { text: "Oat milk" } });
  await phone.untilConfirmed();
  laptop.goOnline();
  const isBoth = (view: Device["view"]): boolean =>
    view[`todos/${todo}`]?.["text"] === "Oat milk" && view[`todos/${todo}`]?.["done"] === true;
  await Promise.all([phone.until(isBoth), laptop.until(isBoth)]);
  await laptop.untilConfirmed();
  await phone.until((view) => Bun.deepEquals(view, laptop.view));
});

test("a thousand mutations made offline are done once each, in their order", async () => {
  const ann = await newUser();
  const { list } = await listOf(ann);
  const [phone, laptop] = [openDevice(ann), openDevice(ann)];
  await phone.until((view) => `lists/${list}` in view);
  phone.goOffline();
  const ids = Array.from({ length: 300 }, newId);
  for (const id of ids) await phone.mutate.create({ collection: "todos", id, data: { list, text: "0" } });
  for (const text of ["1", "2"]) {
    for (const id of ids) await phone.mutate.update({ collection: "todos", id, data: { text } });
  }
  for (const id of ids.slice(0, 100)) await phone.mutate.delete({ collection: "todos", id });
  expect(await phone.rep.experimentalPendingMutations()).toHaveLength(1_000);
  phone.goOnline();
  await phone.untilConfirmed();
  const [gone, left] = [ids.slice(0, 100), ids.slice(100)];
  const isDone = (view: Device["view"]): boolean =>
    left.every((id) => view[`todos/${id}`]?.["text"] === "2") && !gone.some((id) => `todos/${id}` in view);
  await Promise.all([laptop.until(isDone), phone.until(isDone)]);
  expect(phone.view).toEqual(laptop.view);
});

test("what is not confirmed yet stays on the screen while others' changes come in", async () => {
  const ann = await newUser();
  const { todo } = await listOf(ann);
  const [phone, laptop] = [openDevice(ann), openDevice(ann)];
  await Promise.all([phone, laptop].map((device) => device.until((view) => `todos/${todo}` in view)));
  for (let i = 1; i <= 40; i += 1) {
    await phone.mutate.vote({ id: todo });
    await laptop.mutate.update({ collection: "todos", id: todo, data: { text: `${i}` } });
    await Bun.sleep(5); // Pulls come in between.
  }
  await Promise.all([phone.untilConfirmed(), laptop.untilConfirmed()]);
  await phone.until((view) => view[`todos/${todo}`]?.["text"] === "40");
  const votes = phone.views.items.map((view) => Number(view[`todos/${todo}`]?.["votes"] ?? 0));
  expect(votes).toEqual(votes.toSorted((a, b) => a - b));
  expect(votes.at(-1)).toBe(40);
});

test("what the server refuses disappears from the screen at once, and what comes behind it is done", async () => {
  const [ann, bob] = [await newUser(), await newUser()];
  const { list, todo } = await listOf(ann, { members: [bob.id] });
  const phone = openDevice(bob);
  await phone.until((view) => `lists/${list}` in view);
  await phone.mutate.update({ collection: "lists", id: list, data: { title: "Mine now" } });
  await phone.mutate.create({ collection: "todos", id: newId(), data: { list, text: "x".repeat(101) } });
  await phone.mutate.vote({ id: todo });
  expect(phone.view[`lists/${list}`]?.["title"]).toBe("Mine now");
  await phone.until(
    (view) =>
      view[`lists/${list}`]?.["title"] === "List" &&
      view[`todos/${todo}`]?.["votes"] === 1 &&
      Object.keys(view).filter((key) => key.startsWith("todos/")).length === 1,
  );
  await phone.untilConfirmed();
});

test("what is shared appears with all that hangs on it, and goes when it is shared no more", async () => {
  const [ann, bob] = [await newUser(), await newUser()];
  const { list, todo } = await listOf(ann);
  const hidden = await listOf(ann);
  const [hers, his] = [openDevice(ann), openDevice(bob)];
  await hers.until((view) => `todos/${todo}` in view);
  await his.until((view) => `users/${bob.id}` in view);
  const share = (members: string[]) => hers.mutate.update({ collection: "lists", id: list, data: { members } });

  await share([bob.id]);
  await his.until((view) => `todos/${todo}` in view && `lists/${list}` in view);
  await his.mutate.update({ collection: "todos", id: todo, data: { text: "His" } });
  await hers.until((view) => view[`todos/${todo}`]?.["text"] === "His");
  await share([]);
  await his.until((view) => Object.keys(view).join() === `users/${bob.id}`);

  // Nothing of it leaves the server either, not even that it was deleted.
  await hers.mutate.update({ collection: "todos", id: hidden.todo, data: { text: "Hers" } });
  await hers.mutate.delete({ collection: "lists", id: hidden.list });
  await hers.mutate.update({ collection: "todos", id: todo, data: { text: "Hers" } });
  await hers.untilConfirmed();
  await his.rep.pull({ now: true });
  expect([...his.receivedIds].toSorted()).toEqual([bob.id, list, todo].toSorted());
  expect(JSON.stringify(his.pullResults)).not.toContain("Hers");
});

test("a token that expires is replaced, and nothing is lost meanwhile", async () => {
  const ann = await newUser();
  const { todo } = await listOf(ann);
  const shortLived = async (): Promise<string> => {
    const reply = await superuser.request<{ token: string }>("POST", `/api/collections/users/impersonate/${ann.id}`, {
      body: { duration: 1 },
    });
    return reply.body.token;
  };
  let refreshed = 0;
  const getAuth = async (): Promise<string> => {
    refreshed += 1;
    return ann.token;
  };
  const phone = openDevice({ token: await shortLived(), getAuth });
  await phone.until((view) => `todos/${todo}` in view);
  await Bun.sleep(1_100); // The token's life is a second.
  await phone.mutate.vote({ id: todo });
  await phone.untilConfirmed();
  expect(refreshed).toBeGreaterThan(0);
  expect(await superuser.request("GET", `/api/collections/todos/records/${todo}`)).toMatchObject({
    body: { votes: 1 },
  });
});

test("two tabs of a browser share what they have, and each mutation is done once", async () => {
  const ann = await newUser();
  const { todo } = await listOf(ann);
  const name = newName();
  const one = openDevice({ ...ann, name });
  await one.until((view) => `todos/${todo}` in view);
  const other = openDevice({ ...ann, name });
  for (let i = 0; i < 20; i += 1) await (i % 2 ? one : other).mutate.vote({ id: todo });
  for (const tab of [one, other]) await tab.until((view) => view[`todos/${todo}`]?.["votes"] === 20);
  await Promise.all([one.untilConfirmed(), other.untilConfirmed()]);
  expect(await one.rep.clientGroupID).toBe(await other.rep.clientGroupID);
  expect(await superuser.request("GET", `/api/collections/todos/records/${todo}`)).toMatchObject({
    body: { votes: 20 },
  });
});

test("collections may change while a device is away", async () => {
  const ann = await newUser();
  const extras = await superuser.createCollection({
    name: "extras",
    listRule: "",
    updateRule: "",
    fields: [{ name: "text", type: "text" }],
  });
  const { id } = await superuser.create("extras", { text: "before" });
  const phone = openDevice(ann);
  await phone.until((view) => `extras/${id}` in view);
  phone.goOffline();
  await phone.mutate.update({ collection: "extras", id, data: { text: "mine" } });
  const fields = [...(extras["fields"] as object[]), { name: "size", type: "number" }];
  await superuser.updateCollection("extras", { fields });
  await superuser.update("extras", id, { size: 7 });
  phone.goOnline();
  await phone.until((view) => view[`extras/${id}`]?.["size"] === 7 && view[`extras/${id}`]?.["text"] === "mine");

  phone.goOffline();
  await phone.mutate.update({ collection: "extras", id, data: { text: "too late" } });
  await superuser.updateCollection("extras", { name: "spares" });
  phone.goOnline();
  await phone.until((view) => view[`spares/${id}`]?.["text"] === "mine" && !(`extras/${id}` in view));
  await superuser.updateCollection("spares", { listRule: null });
  await phone.until((view) => !(`spares/${id}` in view));
  await phone.untilConfirmed();
});

test("a new version of the application goes on from what the old one had, and sends nothing again", async () => {
  const ann = await newUser();
  const { todo } = await listOf(ann);
  const name = newName();
  const before = openDevice({ ...ann, name });
  await before.until((view) => `todos/${todo}` in view);
  await before.mutate.vote({ id: todo });
  await before.untilConfirmed();
  // What it has is kept some time after it came.
  await Bun.sleep(1_500);
  const group = await before.rep.clientGroupID;
  await before[Symbol.asyncDispose]();
  const after = openDevice({ ...ann, name, extraMutators: { shine: async () => {} } });
  await after.until((view) => view[`todos/${todo}`]?.["votes"] === 1);
  await after.mutate.vote({ id: todo });
  await after.until((view) => view[`todos/${todo}`]?.["votes"] === 2);
  await after.untilConfirmed();
  expect(await after.rep.clientGroupID).not.toBe(group);
  expect(JSON.stringify(after.pullResults)).not.toContain('"clear"');
});
