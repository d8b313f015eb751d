import { expect, test } from "bun:test";
import type { IndexReport } from "../../records/advice/index-advice.ts";
import { play } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

const { url, admin, define, add, collection, tokenOf } = await startTestApp();

const relation = (name: string, to: string, more: object = {}): object => ({
  name,
  type: "relation",
  collectionId: collection(to).id,
  ...more,
});
const text = (name: string): object => ({ name, type: "text" });
const sql = async (query: string): Promise<void> => {
  const response = await play(url, { method: "POST", path: "/api/sql", token: admin, body: { query } });
  if (response.status !== 200) throw new Error(await response.text());
};
const advice = async (): Promise<IndexReport> => {
  const response = await play(url, { path: "/api/collections/meta/index-advice", token: admin });
  expect(response.status).toBe(200);
  return (await response.json()) as IndexReport;
};
const numbers = (count: number): string =>
  `with recursive n(x) as (values (1) union all select x + 1 from n where x < ${count}) select`;

const user = await add("users", { email: "reader@example.com" });
const token = await tokenOf("users", user);
await define({ name: "rooms", fields: [text("name")] });
await define({ name: "members", fields: [relation("room", "rooms"), relation("user", "users"), text("filler")] });
await sql(`insert into rooms (id, name) ${numbers(2_000)} 'room' || x, 'n' || x from n`);
await sql(
  `insert into members (id, room, user, filler) ${numbers(20_000)} 'm' || x, 'room' || (x % 2000 + 1), 'user' || x, hex(zeroblob(100)) from n`,
);

test("a rule that reads another collection backwards gets an index on its relation", async () => {
  await play(url, {
    method: "PATCH",
    path: "/api/collections/rooms",
    token: admin,
    body: { listRule: "members_via_room.user ?= @request.auth.id" },
  });
  const [found, ...others] = (await advice()).advice;
  expect(found).toMatchObject({ collection: "members", records: 20_000, gainedBy: ["list rule of rooms"], uses: 0 });
  expect(found!.afterMs).toBeLessThan(found!.beforeMs);
  expect(others).toEqual([]);
  const column = found!.columns[0]!;
  expect(["user", "room"]).toContain(column);
  expect(found!.statement).toBe(
    `CREATE INDEX \`idx_members_${found!.columns.join("_")}\` ON \`members\` (${found!.columns.map((name) => `\`${name}\``).join(", ")})`,
  );

  // With the index there is nothing to advise.
  const body = { indexes: [found!.statement] };
  expect((await play(url, { method: "PATCH", path: "/api/collections/members", token: admin, body })).status).toBe(200);
  expect((await advice()).advice).toEqual([]);
});

test("what clients ask is counted and measured", async () => {
  await define({
    name: "posts",
    listRule: "",
    fields: [text("title"), text("body"), { name: "tags", type: "select", values: ["a", "b"], maxSelect: 2 }],
  });
  await sql(
    `insert into posts (id, title, body, tags) ${numbers(20_000)} 'p' || x, 'title ' || x, hex(zeroblob(100)), '["a"]' from n`,
  );
  const ask = async (query: string): Promise<void> => {
    const response = await play(url, { path: `/api/collections/posts/records?${query}`, token });
    expect(response.status).toBe(200);
  };
  for (let i = 0; i < 5; i += 1) await ask(`skipTotal=1&filter=${encodeURIComponent(`title = "title ${i}"`)}`);
  for (let i = 0; i < 3; i += 1) await ask("skipTotal=1&sort=body&perPage=5");
  await ask(`skipTotal=1&filter=${encodeURIComponent('tags:each ?= "b"')}`);
  const report = await advice();
  const of = (column: string) =>
    report.advice.find(({ collection: name, columns }) => name === "posts" && columns[0] === column);
  expect(of("title")).toMatchObject({ gainedBy: ["requests"], uses: 5 });
  expect(of("body")).toMatchObject({ gainedBy: ["requests"], uses: 3 });
  expect(of("tags")).toBeUndefined();
  expect(report.unindexable).toContainEqual({ collection: "posts", field: "tags", readBy: ["requests"] });
});

test("small collections get no advice", async () => {
  await define({ name: "small", listRule: "owner = @request.auth.id", fields: [text("owner")] });
  await sql(`insert into small (id, owner) ${numbers(900)} 's' || x, 'o' || x from n`);
  expect((await advice()).advice.filter(({ collection: name }) => name === "small")).toEqual([]);
});

test("only superusers get it", async () => {
  expect((await play(url, { path: "/api/collections/meta/index-advice", token })).status).toBe(403);
});
