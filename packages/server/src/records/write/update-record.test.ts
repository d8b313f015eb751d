import { describe, expect, test } from "bun:test";
import type { Principal } from "../../rules/principal.ts";
import { codesOf, PASSWORD, type RecordRequest, RecordFixture } from "../../testing/record-fixture.ts";

const fixture = await RecordFixture.open([
  {
    name: "posts",
    type: "base",
    viewRule: "",
    createRule: "",
    updateRule: "title != 'locked' && @request.body.n:isset = false || n < 100",
    fields: [
      { name: "title", type: "text", required: true },
      { name: "n", type: "number" },
      { name: "tags", type: "select", values: ["a", "b", "c"], maxSelect: 3 },
      { name: "one", type: "select", values: ["a", "b"] },
      { name: "secret", type: "text", hidden: true },
      { name: "changed", type: "autodate", onUpdate: true },
    ],
    indexes: ["CREATE UNIQUE INDEX idx_title ON posts (title)"],
  },
  { name: "closed", type: "base", fields: [] },
  {
    name: "staff",
    type: "auth",
    createRule: "",
    updateRule: "",
    manageRule: "@request.auth.boss = true",
    fields: [{ name: "boss", type: "bool" }],
  },
]);

const as = fixture.superuser();
let made = 0;

async function post(values: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const { body } = await fixture.create("posts", { as, body: { title: `post ${++made}`, ...values } });
  return body.id;
}

describe("modifiers apply to the stored values", () => {
  test.each<[string, object, Readonly<Record<string, unknown>>, object]>([
    ["numbers are added and subtracted", { n: 10 }, { "n+": "5", "n-": 1 }, { n: 14 }],
    ["values are appended once", { tags: ["a"] }, { "tags+": ["b", "a"] }, { tags: ["a", "b"] }],
    ["values are prepended", { tags: ["a"] }, { "+tags": ["b"] }, { tags: ["b", "a"] }],
    ["values are removed", { tags: ["a", "b"] }, { "tags-": "a" }, { tags: ["b"] }],
    ["a single-value field keeps the last value", { one: "a" }, { "one+": "b" }, { one: "b" }],
    ["a shorter key comes first", { n: 1 }, { "n+": 5, n: 10 }, { n: 15 }],
    ["a field without that modifier stays unchanged", { title: "stays" }, { "title+": "x" }, { title: "stays" }],
  ])("%s", async (_name, before, body, after) => {
    const id = await post({ ...before });
    expect(await fixture.update("posts", id, { body })).toMatchObject({ status: 200, body: after });
  });

  test("concurrent additions all count", async () => {
    const id = await post();
    await Promise.all([1, 2, 3, 4].map((n) => fixture.update("posts", id, { as, body: { "n+": n } })));
    expect(await fixture.row("posts", id)).toMatchObject({ n: 10 });
  });
});

test("concurrent updates of different fields are both kept", async () => {
  const id = await post();
  await Promise.all([
    fixture.update("posts", id, { as, body: { n: 7 } }),
    fixture.update("posts", id, { as, body: { tags: ["c"] } }),
  ]);
  expect(await fixture.row("posts", id)).toMatchObject({ n: 7, tags: '["c"]' });
});

test("the server sets dates, and an update without values is logged", async () => {
  const id = await post();
  const [change] = await fixture.changesOf(() => fixture.update("posts", id, { body: { changed: "2020-01-01" } }));
  expect(change).toMatchObject({
    action: "update",
    before: { changed: "" },
    after: { changed: "2026-01-02 03:04:05.678Z" },
  });
});

test("only superusers can set hidden fields", async () => {
  const id = await post({ secret: "s" });
  await fixture.update("posts", id, { body: { secret: "x" } });
  expect(await fixture.row("posts", id)).toMatchObject({ secret: "s" });
});

describe("rejected", () => {
  test.each<[string, string, object, Readonly<Record<string, unknown>>, number, Record<string, string>]>([
    ["a stored record that doesn't meet the rule", "posts", { title: "locked", n: 100 }, {}, 404, {}],
    ["a body that doesn't meet the rule", "posts", { n: 100 }, { n: 1 }, 404, {}],
    ["a collection for superusers only", "closed", {}, {}, 403, {}],
    ["another id", "posts", {}, { id: "zzzzzzzzzzzzzzz" }, 400, { id: "validation_pk_change" }],
    ["a missing value", "posts", {}, { title: "" }, 400, { title: "validation_required" }],
    ["a duplicate of a unique value", "posts", {}, { title: "taken" }, 400, { title: "validation_not_unique" }],
  ])("%s", async (_name, collection, before, body, status, codes) => {
    await fixture.create("posts", { as, body: { id: "taken0000000000", title: "taken" } });
    const id = await post({ ...before });
    const reply = await fixture.update(collection, id, { body });
    expect({ status: reply.status, codes: codesOf(reply) }).toEqual({ status, codes });
  });

  test("a missing record", async () => {
    expect((await fixture.update("posts", "missing", { as })).status).toBe(404);
  });
});

const passwords = { password: PASSWORD, passwordConfirm: PASSWORD };

async function account(values: object = {}): Promise<{ id: string; self: Principal }> {
  const body = { email: `a${++made}@example.com`, ...passwords, ...values };
  const { id } = (await fixture.create("staff", { as, body })).body;
  return { id, self: await fixture.principal("staff", id) };
}
const boss = (await account({ boss: true })).self;

describe("accounts", () => {
  const changed = { password: "new1234567", passwordConfirm: "new1234567" };

  type Who = "self" | "boss" | "super";
  test.each<[string, Who, NonNullable<RecordRequest["body"]>, Record<string, string>]>([
    ["users can't set their own email", "self", { email: "x@example.com" }, { email: "validation_values_mismatch" }],
    ["users can't set `verified`", "self", { verified: true }, { verified: "validation_values_mismatch" }],
    [
      "a password without its confirmation",
      "self",
      { password: "x" },
      { oldPassword: "validation_required", passwordConfirm: "validation_required" },
    ],
    ["a password without the old one", "self", changed, { oldPassword: "validation_required" }],
    [
      "a password with a wrong old one",
      "self",
      { ...changed, oldPassword: "x" },
      { oldPassword: "validation_invalid_old_password" },
    ],
    [
      "an old password alone",
      "self",
      { oldPassword: PASSWORD },
      { password: "validation_required", passwordConfirm: "validation_required" },
    ],
    [
      "a password that differs from its confirmation",
      "boss",
      { ...changed, passwordConfirm: "y" },
      { passwordConfirm: "validation_values_mismatch" },
    ],
    [
      "a short password",
      "boss",
      { password: "x", passwordConfirm: "x" },
      { password: "validation_min_text_constraint" },
    ],
  ])("%s", async (_name, who, body, codes) => {
    const { id, self } = await account();
    const reply = await fixture.update("staff", id, { as: { self, boss, super: as }[who], body });
    expect({ status: reply.status, codes: codesOf(reply) }).toEqual({ status: 400, codes });
  });

  test.each<[string, Who, NonNullable<RecordRequest["body"]>]>([
    ["a user who knows the old password sets a new one", "self", { ...changed, oldPassword: PASSWORD }],
    ["a manager sets a password and an email", "boss", { ...changed, email: "managed@example.com" }],
    ["a superuser sets everything", "super", { ...changed, email: "super@example.com", verified: true }],
  ])("%s, which revokes the tokens", async (_name, who, body) => {
    const { id, self } = await account();
    const before = await fixture.row("staff", id);
    expect(await fixture.update("staff", id, { as: { self, boss, super: as }[who], body })).toMatchObject({
      status: 200,
    });
    const after = await fixture.row("staff", id);
    expect(after!["tokenKey"]).not.toBe(before!["tokenKey"]);
    expect(await Bun.password.verify("new1234567", String(after!["password"]))).toBe(true);
  });

  test("other updates keep the tokens valid", async () => {
    const { id, self } = await account();
    const before = await fixture.row("staff", id);
    await fixture.update("staff", id, { as: self, body: { emailVisibility: true } });
    expect((await fixture.row("staff", id))!["tokenKey"]).toBe(before!["tokenKey"]);
  });

  test("linked accounts, pending sign-ins and known origins are removed when they become invalid", async () => {
    const { id } = await account();
    const collectionRef = fixture.collection("staff").id;
    const own = { collectionRef, recordRef: id };
    await fixture.create("_externalAuths", { as, body: { ...own, provider: "google", providerId: id } });
    await fixture.create("_mfas", { as, body: { ...own, method: "otp" } });
    await fixture.create("_authOrigins", { as, body: { ...own, fingerprint: "f" } });
    await fixture.create("_otps", { as, body: { ...own, password: "12345678" } });
    const left = async (): Promise<string[]> => {
      const counts = ["_externalAuths", "_mfas", "_authOrigins", "_otps"].map(async (name) => {
        const { body } = await fixture.list(name, { as, query: { filter: `recordRef = '${id}'` } });
        return body.totalItems === 0 ? [] : [name];
      });
      return (await Promise.all(counts)).flat();
    };
    await fixture.update("staff", id, { as, body: { verified: true } });
    expect(await left()).toEqual(["_mfas", "_authOrigins"]);
    await fixture.update("staff", id, { as, body: changed });
    expect(await left()).toEqual([]);
  });
});
