import { afterAll, beforeAll, setDefaultTimeout, test } from "bun:test";
import { Admin } from "./support/admin.ts";
import { type ServerProcess, startServer } from "./support/server-process.ts";
import { LISTS, todosOf } from "./support/sync-collections.ts";
import { Device, type DeviceOptions } from "./support/sync-device.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
let admin: Admin;
const open: Device[] = [];

beforeAll(async () => {
  server = await startServer({ kind: "headwater" });
  admin = await Admin.signIn(server.url);
  const { id } = await admin.createCollection(LISTS);
  await admin.createCollection(todosOf(id));
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
const newUser = () => admin.createUser(`user${(names += 1)}`);
const id = (name: string): string => name.padEnd(15, "0");

test("what is done on one device is seen on the other, and both agree in the end", async () => {
  const ann = await newUser();
  const [phone, laptop] = [openDevice(ann), openDevice(ann)];
  await phone.mutate.create({ collection: "lists", id: id("groceries"), data: { title: "Groceries", owner: ann.id } });
  await phone.mutate.create({ collection: "todos", id: id("milk"), data: { list: id("groceries"), text: "Milk" } });
  await laptop.until((view) => view[`todos/${id("milk")}`]?.["text"] === "Milk");

  laptop.offline();
  await laptop.mutate.update({ collection: "todos", id: id("milk"), data: { done: true } });
  await phone.mutate.update({ collection: "todos", id: id("milk"), data: { text: "Oat milk" } });
  await phone.settled();
  laptop.online();
  const isBoth = (view: Device["view"]): boolean =>
    view[`todos/${id("milk")}`]?.["text"] === "Oat milk" && view[`todos/${id("milk")}`]?.["done"] === true;
  await Promise.all([phone.until(isBoth), laptop.until(isBoth)]);
  await laptop.settled();
  await phone.until((view) => Bun.deepEquals(view, laptop.view));
});
