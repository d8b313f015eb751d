import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
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

/** Creates a list of the user with one todo, as a superuser. */
async function listOf(user: { readonly id: string }, more: object = {}): Promise<{ list: string; todo: string }> {
  const list = (await superuser.create("lists", { title: "List", owner: user.id, ...more })).id;
  return { list, todo: (await superuser.create("todos", { list, text: "Todo" })).id };
}

test("changes on one device reach the other, and both converge", async () => {
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

test("a thousand offline mutations run once each, in order", async () => {
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

test("unconfirmed changes stay visible while other clients' changes arrive", async () => {
  const ann = await newUser();
  const { todo } = await listOf(ann);
  const [phone, laptop] = [openDevice(ann), openDevice(ann)];
  await Promise.all([phone, laptop].map((device) => device.until((view) => `todos/${todo}` in view)));
  for (let i = 1; i <= 40; i += 1) {
    await phone.mutate.vote({ id: todo });
    await laptop.mutate.update({ collection: "todos", id: todo, data: { text: `${i}` } });
    await Bun.sleep(5); // So that pulls happen in between.
  }
  await Promise.all([phone.untilConfirmed(), laptop.untilConfirmed()]);
  await phone.until((view) => view[`todos/${todo}`]?.["text"] === "40");
  const votes = phone.views.items.map((view) => Number(view[`todos/${todo}`]?.["votes"] ?? 0));
  expect(votes).toEqual(votes.toSorted((a, b) => a - b));
  expect(votes.at(-1)).toBe(40);
});

test("a refused mutation is rolled back, and later mutations run", async () => {
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

test("a shared list appears with its todos, and disappears when it is no longer shared", async () => {
  const [ann, bob] = [await newUser(), await newUser()];
  const { list, todo } = await listOf(ann);
  const hidden = await listOf(ann);
  const [annDevice, bobDevice] = [openDevice(ann), openDevice(bob)];
  await annDevice.until((view) => `todos/${todo}` in view);
  await bobDevice.until((view) => `users/${bob.id}` in view);
  const share = (members: string[]) => annDevice.mutate.update({ collection: "lists", id: list, data: { members } });

  await share([bob.id]);
  await bobDevice.until((view) => `todos/${todo}` in view && `lists/${list}` in view);
  await bobDevice.mutate.update({ collection: "todos", id: todo, data: { text: "His" } });
  await annDevice.until((view) => view[`todos/${todo}`]?.["text"] === "His");
  await share([]);
  await bobDevice.until((view) => Object.keys(view).join() === `users/${bob.id}`);

  // The server sends nothing more about these records, not even their deletion.
  await annDevice.mutate.update({ collection: "todos", id: hidden.todo, data: { text: "Hers" } });
  await annDevice.mutate.delete({ collection: "lists", id: hidden.list });
  await annDevice.mutate.update({ collection: "todos", id: todo, data: { text: "Hers" } });
  await annDevice.untilConfirmed();
  await bobDevice.rep.pull({ now: true });
  expect([...bobDevice.receivedIds].toSorted()).toEqual([bob.id, list, todo].toSorted());
  expect(JSON.stringify(bobDevice.pullResults)).not.toContain("Hers");
});

test("an expired token is replaced, and nothing is lost", async () => {
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
  await Bun.sleep(1_100); // The token expires after a second.
  await phone.mutate.vote({ id: todo });
  await phone.untilConfirmed();
  expect(refreshed).toBeGreaterThan(0);
  expect(await superuser.request("GET", `/api/collections/todos/records/${todo}`)).toMatchObject({
    body: { votes: 1 },
  });
});

test("two tabs of a browser share their data, and each mutation runs once", async () => {
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

test("a device handles schema changes made while it was offline", async () => {
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

test("a new application version continues from the old version's data, without a full pull", async () => {
  const ann = await newUser();
  const { todo } = await listOf(ann);
  const name = newName();
  const before = openDevice({ ...ann, name });
  await before.until((view) => `todos/${todo}` in view);
  await before.mutate.vote({ id: todo });
  await before.untilConfirmed();
  // Replicache persists received data after a delay.
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
