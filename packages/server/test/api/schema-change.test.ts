import { expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";

setDefaultTimeout(60_000);

test("writes during a schema change use the old or the new schema, and none is refused", async () => {
  await using server = await startServer();
  const superuser = await SuperuserClient.signIn(server.url);
  const fields = [{ name: "title", type: "text" }];
  await superuser.createCollection({ name: "moving", type: "base", createRule: "", fields });
  const changing = { done: false };
  const statuses: number[] = [];
  const writer = async (): Promise<void> => {
    while (!changing.done) {
      const { status } = await superuser.request("POST", "/api/collections/moving/records", { body: { title: "x" } });
      statuses.push(status);
    }
  };
  const writers = Promise.all(Array.from({ length: 8 }, writer));
  for (let i = 0; i < 12; i += 1) {
    const extra = i % 2 === 0 ? [{ name: `extra${i}`, type: "text" }] : [];
    await superuser.updateCollection("moving", { fields: [...fields, ...extra] });
  }
  changing.done = true;
  await writers;
  expect(statuses.length).toBeGreaterThan(0);
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
});
