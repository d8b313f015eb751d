import { expect, test } from "bun:test";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { errorText, play, testScenarios } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

const { url, admin, add, define, collection } = await startTestApp();
const title = { type: "text", name: "title" };
await define({ name: "parents", listRule: "", viewRule: "", fields: [title] });
const toParents = (options: object): object => ({
  type: "relation",
  name: "parent",
  collectionId: collection("parents").id,
  ...options,
});
await define({ name: "children", listRule: "", fields: [toParents({ cascadeDelete: true })] });
await define({ name: "guards", fields: [toParents({ required: true })] });
await define({ name: "titles", type: "view", viewQuery: "select id, title from parents" });
const FAILED = "Failed to truncate collection (most likely due to required cascade delete record references).";
const truncate = (name: string): Promise<Response> =>
  play(url, { method: "DELETE", path: `/api/collections/${name}/truncate`, token: admin });
const total = async (name: string): Promise<number> => {
  const response = await play(url, { path: `/api/collections/${name}/records`, token: admin });
  return ((await response.json()) as { totalItems: number }).totalItems;
};

testScenarios(url, [
  {
    name: "a guest may not truncate",
    method: "DELETE",
    path: "/api/collections/parents/truncate",
    status: 401,
    contains: [errorText(401, "The request requires valid record authorization token.")],
  },
  {
    name: "an unknown collection is not found",
    method: "DELETE",
    path: "/api/collections/nope/truncate",
    token: admin,
    status: 404,
  },
  {
    name: "a view has no records of its own",
    method: "DELETE",
    path: "/api/collections/titles/truncate",
    token: admin,
    status: 400,
    contains: [errorText(400, "View collections cannot be truncated since they don't store their own records.")],
  },
  {
    name: "one superuser must stay",
    method: "DELETE",
    path: "/api/collections/_superusers/truncate",
    token: admin,
    status: 400,
    contains: [errorText(400, FAILED)],
  },
]);

test("all records go, with what depends on them, and each is an event", async () => {
  const parents = await Promise.all(Array.from({ length: 3 }, (_, n) => add("parents", { title: `p${n}` })));
  await add("children", { parent: parents[0]!.id });
  const client = await SseClient.connect(url);
  await client.subscribe(["parents/*", "children/*"]);
  expect((await truncate("parents")).status).toBe(204);
  expect([await total("parents"), await total("children")]).toEqual([0, 0]);
  const deletes = (): number => client.events.filter(({ data }) => data.includes('"action":"delete"')).length;
  await client.inbox.until(() => deletes() === 4);
  client.close();
  expect((await truncate("parents")).status).toBe(204);
});

test("a required relation of another collection keeps all of them", async () => {
  await add("parents", { title: "first" });
  await add("guards", { parent: (await add("parents", { title: "second" })).id });
  const refused = await truncate("parents");
  expect([refused.status, await refused.text()]).toEqual([400, errorText(400, FAILED)]);
  expect(await total("parents")).toBe(2);
  expect((await truncate("guards")).status).toBe(204);
  expect((await truncate("parents")).status).toBe(204);
});

test("more records than are read at a time go in one transaction", async () => {
  await Promise.all(Array.from({ length: 1_100 }, (_, n) => add("parents", { title: `p${n}` })));
  expect((await truncate("parents")).status).toBe(204);
  expect(await total("parents")).toBe(0);
});
