import { describe, expect, test } from "bun:test";
import { GUEST, type Principal } from "../../rules/principal.ts";
import { PASSWORD, RecordFixture } from "../../testing/record-fixture.ts";
import { findRecord } from "../query/find-record.ts";
import { presentRecords, presentationKey } from "./present.ts";

const fields = [{ name: "boss", type: "bool" }];
const fixture = await RecordFixture.open([
  { name: "plain", type: "base", fields: [{ name: "pin", type: "password", cost: 4 }] },
  { name: "members", type: "auth", fields },
  { name: "managed", type: "auth", manageRule: "@request.auth.boss = true", fields },
]);
const superuser = fixture.superuser();
const passwords = { password: PASSWORD, passwordConfirm: PASSWORD };
for (const collection of ["members", "managed"]) {
  for (const name of ["ann", "bob", "open"]) {
    const body = { id: `${collection}${name}`.padEnd(15, "0"), email: `${name}@example.com`, boss: name === "ann" };
    const emailVisibility = name === "open";
    await fixture.create(collection, { as: superuser, body: { ...body, ...passwords, emailVisibility } });
  }
}
const memberId = (name: string): string => `members${name}`.padEnd(15, "0");
const managedId = (name: string): string => `managed${name}`.padEnd(15, "0");
const principals: Readonly<Record<string, Principal>> = {
  guest: GUEST,
  superuser,
  ann: await fixture.principal("members", memberId("ann")),
  bob: await fixture.principal("members", memberId("bob")),
  boss: await fixture.principal("managed", managedId("ann")),
};

async function present(who: string, collection: string, id: string): Promise<Record<string, unknown>> {
  const values = await findRecord(fixture.store, fixture.collection(collection), id);
  const context = fixture.context({ as: principals[who]! });
  return (await presentRecords(fixture.store, context, fixture.collection(collection), [values!], ""))[0]!;
}

describe("the email is visible", () => {
  test.each([
    ["guest", "members", memberId("ann"), false],
    ["guest", "members", memberId("open"), true],
    ["ann", "members", memberId("ann"), true],
    ["bob", "members", memberId("ann"), false],
    ["superuser", "members", memberId("ann"), true],
    ["boss", "managed", managedId("bob"), true],
    ["bob", "managed", managedId("bob"), false],
    ["ann", "managed", managedId("bob"), true],
  ])("to %p in %p of %p: %p", async (who, collection, id, expected) => {
    expect("email" in (await present(who, collection, id))).toBe(expected);
  });
});

test("a manager sees the email in an event about a deleted account", async () => {
  const managed = fixture.collection("managed");
  const values = (await findRecord(fixture.store, managed, managedId("bob")))!;
  await fixture.remove("managed", values.id, { as: superuser });
  const context = { ...fixture.context({ as: principals["boss"]! }), context: "realtime" as const };
  expect(await presentRecords(fixture.store, context, managed, [values], "")).toMatchObject([
    { email: "bob@example.com" },
  ]);
  await fixture.create("managed", { as: superuser, body: { ...values, ...passwords } });
});

test("nobody sees the password or token key of an account", async () => {
  for (const who of Object.keys(principals)) {
    const shown = await present(who, "members", memberId("ann"));
    expect(shown).not.toContainAnyKeys(["password", "tokenKey"]);
  }
});

test("a password field of another collection appears as an empty text", async () => {
  const { body } = await fixture.create("plain", { as: superuser, body: { pin: "1234" } });
  expect(body.pin).toBe("");
  expect(await fixture.row("plain", body.id)).toMatchObject({ pin: expect.stringMatching(/^\$2a\$04\$/) });
});

test("principals with equal presentation keys get equal bytes", async () => {
  const records = [
    ...["ann", "bob", "open"].map((name) => ["members", memberId(name)] as const),
    ...["ann", "bob", "open"].map((name) => ["managed", managedId(name)] as const),
  ];
  for (const [collection, id] of records) {
    const bytes = new Map<string, string>();
    for (const who of Object.keys(principals)) {
      const key = presentationKey(principals[who]!, fixture.collection(collection), "", id);
      const json = JSON.stringify(await present(who, collection, id));
      expect(bytes.get(key) ?? json).toBe(json);
      bytes.set(key, json);
    }
  }
});

test("all but superusers have the same key if nothing depends on the principal", () => {
  const keys = ["guest", "ann", "boss"].map((who) =>
    presentationKey(principals[who]!, fixture.collection("plain"), ""),
  );
  expect(new Set(keys).size).toBe(1);
});
