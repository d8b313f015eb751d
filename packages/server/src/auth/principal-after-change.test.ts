import { expect, test } from "bun:test";
import type { Change } from "../log/change.ts";
import { GUEST, type Principal, principalKey } from "../rules/principal.ts";
import { PASSWORD, RecordFixture } from "../testing/record-fixture.ts";
import { principalAfterChange, principalUnderSchema } from "./principal-after-change.ts";

const fixture = await RecordFixture.open([{ name: "notes", type: "base", fields: [{ name: "text", type: "text" }] }]);
const as = fixture.superuser();
const passwords = { password: PASSWORD, passwordConfirm: PASSWORD };
let count = 0;

async function account(): Promise<Principal & { readonly kind: "user" | "superuser" }> {
  count += 1;
  const { body } = await fixture.create("users", { as, body: { email: `u${count}@example.com`, ...passwords } });
  const principal = await fixture.principal("users", body.id);
  if (principal.kind === "guest") throw new Error("not an account");
  return principal;
}
const changeOf = async (work: () => Promise<unknown>): Promise<Change> => (await fixture.changesOf(work))[0]!;
const after = (change: Change) => principalAfterChange(change, fixture.context().schema);

test("an update gives the principal its new values", async () => {
  const user = await account();
  const change = await changeOf(() => fixture.update("users", user.values.id, { as, body: { name: "Ann" } }));
  expect(after(change)).toMatchObject({
    key: principalKey(user),
    principal: { kind: "user", values: { name: "Ann" } },
  });
});

test.each([
  ["email", { email: "new@example.com" }],
  ["password", { password: "abcdefgh12", passwordConfirm: "abcdefgh12" }],
])("a new %s makes it a guest", async (_name, body) => {
  const user = await account();
  const change = await changeOf(() => fixture.update("users", user.values.id, { as, body }));
  expect(after(change)).toEqual({ key: principalKey(user), principal: GUEST });
});

test("a deletion makes it a guest", async () => {
  const user = await account();
  const change = await changeOf(() => fixture.remove("users", user.values.id, { as }));
  expect(after(change)).toEqual({ key: principalKey(user), principal: GUEST });
});

test("a new account and records of other collections change no principal", async () => {
  expect(after(await changeOf(account))).toBeUndefined();
  const change = await changeOf(() => fixture.create("notes", { as, body: { text: "a" } }));
  expect(after(change)).toBeUndefined();
});

test("under a new schema the principal has the new collection", async () => {
  const user = await account();
  await fixture.addFields("users", [{ name: "level", type: "number" }]);
  const { schema } = fixture.context();
  expect(principalUnderSchema(user, schema)).toMatchObject({ kind: "user", collection: fixture.collection("users") });
  expect(principalUnderSchema(GUEST, schema)).toBe(GUEST);
});

test("it is a guest if its collection has a new token secret or no longer exists", async () => {
  const user = await account();
  const { collection } = user;
  const authToken = { ...collection.auth.authToken, secret: "x".repeat(50) };
  const stale = { ...user, collection: { ...collection, auth: { ...collection.auth, authToken } } };
  const { schema } = fixture.context();
  expect(principalUnderSchema(stale as Principal, schema)).toBe(GUEST);
  const gone = { ...user, collection: { ...collection, id: fixture.collection("notes").id } };
  expect(principalUnderSchema(gone as Principal, schema)).toBe(GUEST);
});
