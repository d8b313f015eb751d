import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { readChanges } from "@headwater/testing/servers/read-database.ts";
import { seededRandom } from "@headwater/testing/lib/seeded-random.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { LISTS, todosOf } from "./collections.ts";
import { Device } from "./device.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { SYNC_HOOKS } from "./sync-server.ts";

setDefaultTimeout(180_000);

const ROUNDS = Number(process.env["HEADWATER_CRASH_ROUNDS"] ?? 4);
const SEED = Number(process.env["HEADWATER_SEED"] ?? Date.now() % 1e9);
const VOTES = 25;

test(`killed ${ROUNDS} times under load (HEADWATER_SEED=${SEED}), a server runs each mutation once and in order`, async () => {
  using folder = tempDir();
  const random = seededRandom(SEED);
  const dir = join(folder.path, "pb_data");
  const options = { kind: "headwater", dir, args: SYNC_HOOKS } as const;
  let server = await startServer(options);
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(todosOf((await superuser.createCollection(LISTS)).id));
  const ann = await superuser.createUser("ann");
  const list = (await superuser.create("lists", { title: "List", owner: ann.id })).id;
  const todo = (await superuser.create("todos", { list, text: "Todo" })).id;
  const devices = Array.from({ length: 3 }, () => new Device({ url: server.url, token: ann.token }));
  await Promise.all(devices.map((device) => device.until((view) => `todos/${todo}` in view)));

  const work = async (device: Device, round: number): Promise<void> => {
    for (let i = 0; i < VOTES; i += 1) {
      await device.mutate.vote({ id: todo });
      const id = `${device.name.replace("device ", "d")}r${round}i${i}x`.padEnd(15, "0");
      await device.mutate.create({ collection: "todos", id, data: { list, text: device.name } });
      await Bun.sleep(random.int(0, 8)); // So that pushes are in flight when the server is killed.
    }
  };
  for (let round = 1; round <= ROUNDS; round += 1) {
    const working = Promise.all(devices.map((device) => work(device, round)));
    await Bun.sleep(random.int(10, 150));
    await server.stop("SIGKILL");
    await working;
    server = await startServer({ ...options, port: server.port });
  }
  const isDone = (view: Device["view"]): boolean => view[`todos/${todo}`]?.["votes"] === 3 * VOTES * ROUNDS;
  for (const device of devices) device.goOnline();
  await Promise.all(devices.map((device) => device.untilConfirmed()));
  await Promise.all(devices.map((device) => device.until(isDone)));
  expect(Object.keys(devices[0]!.view).length).toBe(3 + 3 * VOTES * ROUNDS);
  expect(devices[1]!.view).toEqual(devices[0]!.view);
  await Promise.all(devices.map((device) => device[Symbol.asyncDispose]()));
  await server.stop();

  const made = readChanges(dir, "todos").filter(({ action, record }) => action === "create" && record.startsWith("d"));
  for (const { name } of devices) {
    const records = made.filter(({ after }) => after!["text"] === name).map(({ record }) => record);
    const order = records.map((record) => /r(\d+)i(\d+)/.exec(record)!.slice(1).map(Number));
    expect(order).toEqual(order.toSorted(([a, b], [c, d]) => a! - c! || b! - d!));
  }
});
