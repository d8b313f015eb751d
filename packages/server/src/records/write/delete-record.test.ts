import { describe, expect, test } from "bun:test";
import { PASSWORD, RecordFixture } from "../../testing/record-fixture.ts";

const fixture = await RecordFixture.open([
  {
    name: "authors",
    type: "base",
    deleteRule: "name != 'kept'",
    fields: [{ name: "name", type: "text" }],
  },
  {
    name: "books",
    type: "base",
    fields: [
      { name: "owner", type: "relation", collectionId: "authors", cascadeDelete: true },
      { name: "editor", type: "relation", collectionId: "authors" },
      { name: "authors", type: "relation", collectionId: "authors", maxSelect: 9, cascadeDelete: true },
      { name: "changed", type: "autodate", onUpdate: true },
    ],
  },
  {
    name: "reviews",
    type: "base",
    fields: [
      { name: "book", type: "relation", collectionId: "books", cascadeDelete: true },
      { name: "by", type: "relation", collectionId: "authors", required: true },
    ],
  },
]);

const as = fixture.superuser();

async function add(collection: string, body: Readonly<Record<string, unknown>>): Promise<string> {
  return (await fixture.create(collection, { as, body })).body.id;
}
const exists = async (collection: string, id: string): Promise<boolean> =>
  (await fixture.row(collection, id)) !== undefined;

test("a record that doesn't meet the delete rule is not found", async () => {
  const id = await add("authors", { name: "kept" });
  expect((await fixture.remove("authors", id)).status).toBe(404);
  expect((await fixture.remove("authors", "missing")).status).toBe(404);
  expect((await fixture.remove("books", "missing")).status).toBe(403);
  expect(await fixture.remove("authors", id, { as })).toEqual({ status: 204, body: undefined });
});

test("dependent records are deleted, other references are removed, and each write is a change", async () => {
  const id = await add("authors", {});
  const other = await add("authors", {});
  const owned = await add("books", { owner: id });
  const review = await add("reviews", { book: owned, by: other });
  const edited = await add("books", { editor: id });
  const shared = await add("books", { authors: [id, other] });
  const alone = await add("books", { authors: [id] });

  const changes = await fixture.changesOf(() => fixture.remove("authors", id));
  const writes = changes.map(({ action, record }) => `${action} ${record}`);
  expect(writes.at(-1)).toBe(`delete ${id}`);
  expect(writes.sort()).toEqual(
    [
      `delete ${id}`,
      `delete ${owned}`,
      `delete ${review}`,
      `update ${edited}`,
      `update ${shared}`,
      `delete ${alone}`,
    ].sort(),
  );
  expect(await fixture.row("books", edited)).toMatchObject({ editor: "", changed: "2026-01-02 03:04:05.678Z" });
  expect(await fixture.row("books", shared)).toMatchObject({ authors: JSON.stringify([other]) });
});

test("a required reference prevents the deletion of the record and its dependents", async () => {
  const id = await add("authors", {});
  const book = await add("books", { owner: id });
  await add("reviews", { by: id });
  const changes = await fixture.changesOf(async () => {
    expect(await fixture.remove("authors", id)).toEqual({
      status: 400,
      body: {
        data: {},
        message: "Failed to delete record. Make sure that the record is not part of a required relation reference.",
        status: 400,
      },
    });
  });
  expect(changes).toEqual([]);
  expect(await exists("books", book)).toBe(true);
});

test("records that refer to each other are deleted once", async () => {
  await fixture.addCollection({ name: "nodes", type: "base", fields: [] });
  await fixture.addFields("nodes", [{ name: "next", type: "relation", collectionId: "nodes", cascadeDelete: true }]);
  const [a, b, c] = [await add("nodes", {}), await add("nodes", {}), await add("nodes", {})];
  for (const [id, next] of [
    [a, b],
    [b, c],
    [c, a],
  ] as const)
    await fixture.update("nodes", id, { as, body: { next } });
  const changes = await fixture.changesOf(() => fixture.remove("nodes", a, { as }));
  expect(changes.map(({ record }): string => record)).toEqual([b, c, a]);
});

describe("accounts", () => {
  const passwords = { password: PASSWORD, passwordConfirm: PASSWORD };

  test("the last superuser can't be deleted", async () => {
    const first = await add("_superusers", { email: "a@example.com", ...passwords });
    expect(await fixture.remove("_superusers", first, { as })).toMatchObject({
      status: 400,
      body: { message: "You can't delete the only existing superuser." },
    });
    await add("_superusers", { email: "b@example.com", ...passwords });
    expect((await fixture.remove("_superusers", first, { as })).status).toBe(204);
  });

  test("the first real superuser removes the installer's account", async () => {
    const installer = await add("_superusers", { email: "__pbinstaller@example.com", ...passwords });
    await add("_superusers", { email: "c@example.com", ...passwords });
    expect(await exists("_superusers", installer)).toBe(false);
  });

  test("sign-in data is deleted with its account", async () => {
    const id = await add("users", { email: "u@example.com", ...passwords });
    const own = { collectionRef: fixture.collection("users").id, recordRef: id };
    const origin = await add("_authOrigins", { ...own, fingerprint: "f" });
    await fixture.remove("users", id, { as });
    expect(await exists("_authOrigins", origin)).toBe(false);
  });
});
