import { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { play, testScenarios } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";
import { CountCache } from "./count-cache.ts";

setDefaultTimeout(60_000);

const { url, admin, add, define, collection, app, dir } = await startTestApp();
const rules = { listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "" };
await define({ ...rules, name: "teams", fields: [{ type: "text", name: "name" }] });
await define({
  ...rules,
  name: "items",
  listRule: "hidden = false",
  fields: [
    { type: "text", name: "title" },
    { type: "bool", name: "hidden" },
    { type: "relation", name: "team", collectionId: collection("teams").id, maxSelect: 1, cascadeDelete: true },
  ],
});
await define({ name: "titles", type: "view", viewQuery: "SELECT id, title FROM items", listRule: "" });
const ITEMS = "/api/collections/items/records";
for (let n = 0; n < 12; n += 1) await add("items", { title: `t${n % 3}` });

testScenarios(url, [
  {
    name: "a bounded count ends at its bound",
    path: `${ITEMS}?total=bounded:5&perPage=2`,
    status: 200,
    contains: ['"page":1,"perPage":2,"totalItems":5,"totalPages":3,"totalIsExact":false}'],
  },
  {
    name: "or is exact",
    path: `${ITEMS}?total=bounded:12&perPage=5`,
    status: 200,
    contains: ['"totalItems":12,"totalPages":3,"totalIsExact":true}'],
  },
  {
    name: "also of joined records",
    path: `${ITEMS}?total=bounded:3&filter=team.name!='x'`,
    status: 200,
    contains: ['"totalItems":3', '"totalIsExact":false'],
  },
  {
    name: "of a view",
    path: "/api/collections/titles/records?total=bounded:7",
    status: 200,
    contains: ['"totalItems":7'],
  },
  {
    name: "a cached count is as any other",
    path: `${ITEMS}?total=cached`,
    status: 200,
    contains: ['"totalItems":12,"totalPages":1}'],
  },
  {
    name: "without a count",
    path: `${ITEMS}?total=bounded:5&skipTotal=1`,
    status: 200,
    contains: ['"totalItems":-1,"totalPages":-1}'],
  },
  {
    name: "an unknown way to count",
    path: `${ITEMS}?total=about`,
    status: 400,
    contains: ['"total":{"code":"validation_invalid_total"'],
  },
  { name: "a bound of nothing", path: `${ITEMS}?total=bounded:0`, status: 400 },
]);

type Pick = readonly [number, number];
const send = (method: string, path: string, body?: object): Promise<Response> =>
  play(url, { method, path, token: admin, ...(body && { body }) });
const idOf = async (name: string, at: number): Promise<string | undefined> => {
  const rows = await app.folder.store.all({ text: `SELECT id FROM ${name} ORDER BY id`, values: [] });
  return rows.length === 0 ? undefined : String(rows[at % rows.length]!["id"]);
};
/** Everything that may change a count. */
const WRITES: Readonly<Record<string, (pick: Pick) => Promise<unknown>>> = {
  create: async ([a, b]) =>
    add("items", { title: `t${a % 3}`, hidden: b % 3 === 0, team: (await idOf("teams", b)) ?? "" }),
  createTeam: ([a]) => add("teams", { name: `n${a % 2}` }),
  update: async ([a, b]) =>
    send("PATCH", `${ITEMS}/${await idOf("items", a)}`, { title: `t${b % 3}`, hidden: b % 2 === 0 }),
  renameTeam: async ([a, b]) =>
    send("PATCH", `/api/collections/teams/records/${await idOf("teams", a)}`, { name: `n${b % 2}` }),
  delete: async ([a]) => send("DELETE", `${ITEMS}/${await idOf("items", a)}`),
  cascade: async ([a]) => send("DELETE", `/api/collections/teams/records/${await idOf("teams", a)}`),
  failed: () => send("PATCH", `${ITEMS}/nothing00000000`, { title: "x" }),
  sql: ([a]) => send("POST", "/api/sql", { query: `UPDATE items SET hidden = NOT hidden WHERE title = 't${a % 3}'` }),
  rule: ([a]) =>
    send("PATCH", "/api/collections/items", {
      listRule: a % 2 === 0 ? "hidden = false" : "hidden = false && title != 't0'",
    }),
  import: ([a]) =>
    play(url, {
      method: "POST",
      path: "/api/collections/items/import?format=ndjson",
      token: admin,
      body: `{"title":"t${a % 3}"}\n`,
    }),
};
const LISTS = [
  "filter=",
  "filter=title='t1'",
  "filter=title='t1'||hidden=true",
  "filter=team.name='n1'",
  "filter=title!='t0'&sort=-team.name",
  "filter=items_via_team.title?='t1'",
];

test("a cached count is the exact one, whatever is written in between", async () => {
  const step = fc.tuple(fc.constantFrom(...Object.keys(WRITES)), fc.tuple(fc.nat(50), fc.nat(50)));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      for (const [name, pick] of steps) {
        await WRITES[name]!(pick);
        for (const [at, list] of LISTS.entries()) {
          const path = `/api/collections/${at === 5 ? "teams" : "items"}/records?${list}`;
          for (const token of [admin, ""]) {
            const [cached, exact] = await Promise.all(
              ["cached", "exact"].map(async (total) => {
                const response = await play(url, { path: `${path}&total=${total}`, token });
                return ((await response.json()) as { totalItems: number }).totalItems;
              }),
            );
            expect({ name, list, cached }).toEqual({ name, list, cached: exact! });
          }
        }
      }
    }),
    { numRuns: 15 },
  );
});

test("writes to other collections leave a count known, its own don't, and another program's make all unknown", async () => {
  const cache = new CountCache();
  const { id } = collection("items");
  let counted = 0;
  const ask = (of: typeof id | undefined): Promise<number> =>
    app.folder.store.read((reader) =>
      cache.total(reader, { text: "SELECT 1", values: [] }, of, async () => (counted += 1)),
    );
  await ask(id);
  await ask(id);
  expect(counted).toBe(1);
  await add("teams", { name: "other" });
  await ask(id);
  expect(counted).toBe(1);
  await ask(undefined);
  expect(counted).toBe(1);
  await add("teams", { name: "another" });
  await ask(undefined);
  expect(counted).toBe(2);
  await add("items", { title: "own" });
  await ask(id);
  expect(counted).toBe(3);
  using other = new Database(join(dir, "data.db"));
  other.run("UPDATE items SET title = 'foreign' WHERE title = 'own'");
  await ask(id);
  await ask(id);
  expect(counted).toBe(5);
});
