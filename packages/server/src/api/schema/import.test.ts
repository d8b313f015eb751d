import { expect, test } from "bun:test";
import { play } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

const { url, admin, define, add } = await startTestApp();

const put = (body: object): Promise<Response> =>
  play(url, { method: "PUT", path: "/api/collections/import", token: admin, body });
const get = async (path: string): Promise<Record<string, unknown>> => {
  const response = await play(url, { path, token: admin });
  return (await response.json()) as Record<string, unknown>;
};
const titlesOf = async (name: string, field: string): Promise<unknown[]> =>
  ((await get(`/api/collections/${name}/records?sort=id`))["items"] as Record<string, unknown>[]).map(
    (item) => item[field],
  );

const text = (name: string, more: object = {}): object => ({ name, type: "text", ...more });

test("a field that is missing and one that is new are the same if nothing else is, and only if asked", async () => {
  await define({ name: "renamed", fields: [text("title"), text("body", { max: 9 }), { name: "n", type: "number" }] });
  await add("renamed", { title: "kept", body: "x", n: 3 });
  const collections = [
    { name: "renamed", fields: [text("headline"), text("body", { max: 9 }), text("added", { max: 7 })] },
  ];
  const plan = await put({ collections, detectRenames: true, dryRun: true });
  expect(await plan.json()).toMatchObject({
    collections: [
      {
        action: "update",
        name: "renamed",
        fields: [
          { action: "update", name: "headline", from: "title" },
          { action: "add", name: "added", type: "text" },
        ],
      },
    ],
  });
  expect(await titlesOf("renamed", "title")).toEqual(["kept"]);
  expect((await put({ collections, detectRenames: true })).status).toBe(204);
  expect(await titlesOf("renamed", "headline")).toEqual(["kept"]);
});

test("two fields that could be the missing one are both new", async () => {
  await define({ name: "unclear", fields: [text("one")] });
  await add("unclear", { one: "kept" });
  expect(
    (await put({ collections: [{ name: "unclear", fields: [text("two"), text("three")] }], detectRenames: true }))
      .status,
  ).toBe(204);
  expect(await titlesOf("unclear", "one")).toEqual(["kept"]);
  expect(await titlesOf("unclear", "two")).toEqual([""]);
});

test("a collection under another name keeps its records", async () => {
  await define({ name: "before", fields: [text("only_here"), text("also")] });
  await add("before", { only_here: "kept" });
  const collections = [{ name: "after", type: "base", fields: [text("also"), text("only_here")] }];
  expect(await (await put({ collections, detectRenames: true, dryRun: true })).json()).toMatchObject({
    collections: [{ action: "update", name: "after", from: "before", loses: [] }],
    loses: 0,
  });
  expect((await put({ collections, detectRenames: true })).status).toBe(204);
  expect(await titlesOf("after", "only_here")).toEqual(["kept"]);
  expect(await get("/api/collections/before")).toMatchObject({ status: 404 });
});

test("a dry run counts what would be lost, and changes nothing", async () => {
  const choice = { name: "choice", type: "select", values: ["a", "b"], maxSelect: 2 };
  await define({ name: "shrinks", fields: [text("dropped"), choice] });
  for (const body of [{ dropped: "x", choice: ["a", "b"] }, { dropped: "y", choice: ["a"] }, {}])
    await add("shrinks", body);
  const { collections, loses } = (await (
    await put({
      collections: [
        {
          name: "shrinks",
          listRule: "",
          fields: [{ ...choice, maxSelect: 1 }],
          indexes: ["create index i_c on shrinks (choice)"],
        },
        { name: "fresh", type: "base", fields: [text("a")] },
        { name: "users" },
      ],
      deleteMissing: true,
      dryRun: true,
    })
  ).json()) as { collections: { name: string }[]; loses: number };
  const of = (name: string) => collections.find((diff) => diff.name === name);
  expect(of("shrinks")).toMatchObject({
    action: "update",
    options: ["listRule"],
    fields: [
      { action: "remove", name: "dropped" },
      { action: "update", name: "choice", options: ["maxSelect"] },
    ],
    indexes: { add: ["create index i_c on shrinks (choice)"], remove: [] },
    loses: [
      { kind: "values", field: "dropped", records: 2 },
      { kind: "all but the last value", field: "choice", records: 1 },
    ],
  });
  expect(of("fresh")).toMatchObject({
    action: "create",
    fields: [
      { action: "add", name: "id" },
      { action: "add", name: "a" },
    ],
  });
  expect(of("after")).toMatchObject({ action: "delete", loses: [{ kind: "records", records: 1 }] });
  expect(loses).toBeGreaterThanOrEqual(4);
  expect(await get("/api/collections/fresh")).toMatchObject({ status: 404 });
  expect(await titlesOf("shrinks", "dropped")).toContain("x");
});

test.each([
  [{ collections: [{ name: "bad name" }], dryRun: true }, "Data validations failed"],
  [{ collections: [{ name: "broken", type: "base", listRule: "nope = 1" }], dryRun: true }, "Invalid rule. Raw error"],
  [{ collections: [{ name: "v", type: "view", viewQuery: "select id from nowhere" }], dryRun: true }, "no such table"],
  [
    { collections: [{ name: "t", type: "base", fields: [{ name: "a", type: "nope" }] }] },
    "missing or unknown field type",
  ],
  [{ collections: [null] }, "cannot be blank"],
  [{ collections: [], dryRun: true }, "Cannot be blank."],
  [{ collections: "x", dryRun: true }, "An error occurred while loading the submitted data."],
])("%j is refused", async (body, message) => {
  const response = await put(body);
  expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(message)]);
});

test("what is exported can be imported, and changes nothing", async () => {
  const { items } = await get("/api/collections?perPage=500");
  expect(
    await (await put({ collections: items, deleteMissing: true, detectRenames: true, dryRun: true })).json(),
  ).toEqual({
    collections: [],
    loses: 0,
  });
});

test("the providers of OAuth2 are listed in the dashboard's order", async () => {
  const response = await play(url, {
    path: "/api/collections/meta/oauth2-providers?fields=name,displayName",
    token: admin,
  });
  const list = (await response.json()) as unknown[];
  expect([list.length, list[0]]).toEqual([32, { name: "apple", displayName: "Apple" }]);
});
