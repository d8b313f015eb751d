import { describe, expect, test } from "bun:test";
import { CollectionFixture, refusal } from "../../testing/collection-fixture.ts";
import { collectionToJson } from "../model/collection-json.ts";
import type { Field } from "../fields/field.ts";

const fixture = await CollectionFixture.open();

async function secretOf(name: string): Promise<string | undefined> {
  const collection = (await fixture.schema()).find(name);
  return collection?.type === "auth" ? collection.auth.authToken.secret : undefined;
}

const field = (fields: readonly Field[], name: string): Field => fields.find((other) => other.name === name)!;

describe("columns are matched to fields by id", () => {
  test("two fields can swap names, and values stay with their field", async () => {
    const { fields } = await fixture.create({ name: "swap", fields: [text("a"), text("b")] });
    await fixture.sql("INSERT INTO swap (id, a, b) VALUES ('x', 'of a', 'of b')");
    const [a, b] = [field(fields, "a"), field(fields, "b")];
    await fixture.update("swap", { fields: [field(fields, "id"), { ...a, name: "b" }, { ...b, name: "a" }] });
    expect(await fixture.sql("SELECT a, b FROM swap")).toEqual([{ a: "of b", b: "of a" }]);
  });

  test("a field submitted without an id keeps the column of its name", async () => {
    await fixture.create({ name: "keep", fields: [text("a")] });
    await fixture.sql("INSERT INTO keep (id, a) VALUES ('x', 'kept')");
    await fixture.update("keep", { fields: [text("a"), text("b")] });
    expect(await fixture.sql("SELECT a, b FROM keep")).toEqual([{ a: "kept", b: "" }]);
  });

  test("one value becomes a list, and a list becomes its last value, also under a view", async () => {
    const select = { name: "s", type: "select", values: ["a", "b", "c"] };
    await fixture.create({ name: "many", fields: [select] });
    await fixture.create({ name: "many_view", type: "view", viewQuery: "SELECT id, s FROM many" });
    await fixture.sql(`INSERT INTO many (id, s) VALUES ('1', 'a'), ('2', ''), ('3', '["b","c"]')`);
    await fixture.update("many", { fields: [{ ...select, maxSelect: 3 }] });
    const values = () => fixture.sql("SELECT s FROM many_view ORDER BY id").then((rows) => rows.map(({ s }) => s));
    expect(await values()).toEqual(['["a"]', "[]", '["b","c"]']);
    expect(field((await fixture.schema()).find("many_view")!.fields, "s")).toMatchObject({ maxSelect: 3 });
    await fixture.update("many", { fields: [{ ...select, maxSelect: 1 }] });
    expect(await values()).toEqual(["a", "", "c"]);
  });

  test("a rename also renames the table, its indexes and the rate limit labels", async () => {
    await fixture.create({ name: "before", fields: [text("a")], indexes: ["CREATE INDEX i_before ON x (a)"] });
    await fixture.sql(
      `UPDATE _params SET value = json_set(value, '$.rateLimits.rules[0].label', 'before:create') WHERE id = 'settings'`,
    );
    const { indexes } = await fixture.update("before", { name: "after" });
    expect(indexes).toEqual(["CREATE INDEX `i_before` ON `after` (`a`)"]);
    expect(await fixture.sql("SELECT tbl_name FROM sqlite_master WHERE name = 'i_before'")).toEqual([
      { tbl_name: "after" },
    ]);
    expect(
      await fixture.sql("SELECT json_extract(value, '$.rateLimits.rules[0].label') AS label FROM _params"),
    ).toEqual([{ label: "after:create" }]);
  });

  test("an index that the rows violate undoes the whole change", async () => {
    await fixture.create({ name: "undone", fields: [text("a")] });
    await fixture.sql("INSERT INTO undone (id, a) VALUES ('1', 'same'), ('2', 'same')");
    const indexes = ["CREATE UNIQUE INDEX i_a ON done (a)"];
    const { data } = await refusal(fixture.update("undone", { name: "done", indexes }));
    expect(data).toMatchObject({ indexes: { 0: { code: "validation_invalid_index_expression" } } });
    expect(await fixture.sql("SELECT count(*) AS count FROM undone")).toEqual([{ count: 2 }]);
  });
});

describe("auth options", () => {
  test("a changed auth rule makes a new secret, an unchanged one does not", async () => {
    await fixture.create({ name: "members", type: "auth" });
    const first = await secretOf("members");
    await fixture.update("members", { authRule: null });
    expect(await secretOf("members")).toBe(first);
    await fixture.update("members", { authRule: "verified = true" });
    expect(await secretOf("members")).not.toBe(first!);
  });

  test("a provider submitted without its secret keeps it, in any position", async () => {
    const google = { name: "google", clientId: "g", clientSecret: "of google", extra: { b: 1 } };
    const github = { name: "github", clientId: "h", clientSecret: "of github", displayName: "Hub" };
    await fixture.create({ name: "linked", type: "auth", oauth2: { enabled: true, providers: [google, github] } });
    const updated = await fixture.update("linked", {
      oauth2: {
        providers: [
          { name: "github", clientId: "new" },
          { name: "google", extra: { a: 2 } },
        ],
      },
    });
    expect(updated.type === "auth" && updated.auth.oauth2.providers).toMatchObject([
      { name: "github", clientId: "new", clientSecret: "of github", displayName: "Hub" },
      { name: "google", clientId: "g", clientSecret: "of google", extra: { a: 2, b: 1 } },
    ]);
  });

  test("secrets are never returned", async () => {
    const collection = (await fixture.schema()).find("linked")!;
    const shown = JSON.stringify(collectionToJson(collection));
    expect(shown).not.toMatch(/secret|of google|of github/i);
    expect(shown).toContain('"authToken":{"duration":432000}');
  });

  test("null clears a value, a missing key keeps it", async () => {
    const cleared = await fixture.update("linked", { mfa: null, otp: { length: 9 } });
    expect(cleared.type === "auth" && cleared.auth.mfa).toEqual({ enabled: false, duration: 0, rule: "" });
    expect(cleared.type === "auth" && cleared.auth.otp).toMatchObject({ duration: 180, length: 9 });
  });

  test("the superusers' collection never allows OAuth2, and always allows passwords", async () => {
    const otp = { enabled: true, duration: 180, length: 8 };
    const superusers = await fixture.update("_superusers", {
      oauth2: { enabled: true },
      passwordAuth: { enabled: false },
      otp,
    });
    expect(superusers.type === "auth" && superusers.auth).toMatchObject({
      oauth2: { enabled: false, providers: [] },
      passwordAuth: { enabled: true },
      mfa: { enabled: true },
    });
  });
});

test("an unknown collection is not found", async () => {
  expect((await refusal(fixture.update("nowhere", {}))).status).toBe(404);
});

function text(name: string): object {
  return { name, type: "text" };
}
