import { expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { LISTS, todosOf } from "./collections.ts";
import { Device } from "./device.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { SYNC_HOOKS } from "./sync-server.ts";

setDefaultTimeout(120_000);

test("a client that is ahead of a restored database starts over and converges", async () => {
  using folder = tempDir();
  const [dir, copy] = [join(folder.path, "pb_data"), join(folder.path, "copy")];
  const options = { kind: "headwater", dir, args: SYNC_HOOKS } as const;
  let server = await startServer(options);
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(todosOf((await superuser.createCollection(LISTS)).id));
  const ann = await superuser.createUser("ann");
  const list = (await superuser.create("lists", { title: "List", owner: ann.id })).id;
  const todo = (await superuser.create("todos", { list, text: "Todo" })).id;
  const [phone, laptop] = [
    new Device({ url: server.url, token: ann.token }),
    new Device({ url: server.url, token: ann.token }),
  ];
  const votesOf = ({ view }: Device): unknown => view[`todos/${todo}`]?.["votes"];
  const have = (device: Device, votes: number): Promise<void> => device.until(() => votesOf(device) === votes);

  await have(phone, 0);
  await phone.mutate.vote({ id: todo });
  await Promise.all([phone.untilConfirmed(), have(laptop, 1)]);
  expect(await server.stop()).toBe(0);
  cpSync(dir, copy, { recursive: true });

  server = await startServer({ ...options, port: server.port });
  for (let i = 0; i < 3; i += 1) await phone.mutate.vote({ id: todo });
  await Promise.all([phone.untilConfirmed(), have(phone, 4), have(laptop, 4)]);
  await Bun.sleep(1_500); // Replicache persists received data after a delay.
  await server.stop();
  rmSync(dir, { recursive: true });
  cpSync(copy, dir, { recursive: true });

  server = await startServer({ ...options, port: server.port });
  phone.pull();
  await phone.notFound;
  // In a browser, the client reloads the page.
  await phone[Symbol.asyncDispose]();
  await using again = new Device({ url: server.url, token: ann.token, name: phone.name });
  await have(again, 1);
  // A client without mutations continues with the restored data.
  await have(laptop, 1);
  await again.mutate.vote({ id: todo });
  await Promise.all([again.untilConfirmed(), have(laptop, 2)]);
  expect(again.view).toEqual(laptop.view);
  await laptop[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});
