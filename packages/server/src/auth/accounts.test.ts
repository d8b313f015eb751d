import { describe, expect, test } from "bun:test";
import type { AuthCollection } from "../collections/model/collection.ts";
import { toText } from "../lib/text/coerce.ts";
import { ApiError } from "../lib/api-error.ts";
import { GUEST } from "../rules/principal.ts";
import { NOW, PASSWORD, RecordFixture } from "../testing/record-fixture.ts";
import { originFingerprint, recordOrigin } from "./auth-origins.ts";
import { findAuthRecord } from "./find-auth-record.ts";
import { findByPassword } from "./find-by-password.ts";
import { type AuthMethod, checkSignInFactor } from "./mfa.ts";
import { passesRule } from "./passes-rule.ts";
import { principalOfToken } from "./principal-of-token.ts";
import { type AuthRecord, Tokens } from "./tokens.ts";

const fixture = await RecordFixture.open([
  {
    name: "staff",
    type: "auth",
    passwordAuth: { enabled: true, identityFields: ["email", "badge"] },
    mfa: { enabled: false, duration: 60 },
    fields: [{ name: "badge", type: "text" }],
    indexes: ["CREATE UNIQUE INDEX idx_badge ON staff (badge COLLATE NOCASE)"],
  },
]);
const as = fixture.superuser();
const staff = fixture.collection("staff") as AuthCollection;
const { schema } = fixture.context();
let count = 0;

async function addAccount(badge = `b${count}`): Promise<AuthRecord> {
  count += 1;
  const body = { email: `s${count}@example.com`, badge, password: PASSWORD, passwordConfirm: PASSWORD };
  const { id } = (await fixture.create("staff", { as, body })).body;
  return { collection: staff, values: (await findAuthRecord(fixture.store, staff, id))! };
}
const seconds = (n: number): Date => new Date(NOW.getTime() + n * 1000);
const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: unknown) => (error instanceof ApiError ? error.message : String(error)),
  );

describe("findAuthRecord", () => {
  test("finds the record as it is stored now", async () => {
    const { values } = await addAccount();
    await fixture.update("staff", values.id, { as, body: { badge: "renamed" } });
    expect(await findAuthRecord(fixture.store, staff, values.id)).toMatchObject({ id: values.id, badge: "renamed" });
  });

  test("finds nothing for an unknown id", async () => {
    expect(await findAuthRecord(fixture.store, staff, "missing")).toBeUndefined();
  });
});

describe("findByPassword", () => {
  const find = async (identity: string, password = PASSWORD, identityField = "") =>
    (await findByPassword(fixture.store, staff, { identity, password, identityField }))?.id;

  test("looks in all identity fields, with the collation of their indexes", async () => {
    const { values } = await addAccount("Door7");
    expect(await find(toText(values["email"]))).toBe(values.id);
    expect(await find("door7")).toBe(values.id);
    expect(await find("door7", PASSWORD, "email")).toBeUndefined();
  });

  test("finds nobody for a wrong password or an unknown identity", async () => {
    const { values } = await addAccount();
    expect(await find(toText(values["email"]), "wrong")).toBeUndefined();
    expect(await find("nobody@example.com")).toBeUndefined();
  });
});

describe("principalOfToken", () => {
  const tokens = new Tokens();
  const principalOf = (token: string, now = NOW) => principalOfToken(tokens, fixture.store, schema, token, now);

  test("is the account that the token belongs to", async () => {
    const record = await addAccount();
    const token = await tokens.issue({ ...record, type: "auth", now: NOW });
    expect(await principalOf(token)).toMatchObject({
      kind: "user",
      collection: staff,
      values: { id: record.values.id },
    });
  });

  test("is a guest for no token, an invalid one, an expired one and one of another type", async () => {
    const record = await addAccount();
    const expired = await tokens.issue({ ...record, type: "auth", now: NOW, duration: 10 });
    const ofFile = await tokens.issue({ ...record, type: "file", now: NOW });
    expect(await principalOf("")).toBe(GUEST);
    expect(await principalOf("nonsense")).toBe(GUEST);
    expect(await principalOf(expired, seconds(10))).toBe(GUEST);
    expect(await principalOf(ofFile)).toBe(GUEST);
  });
});

test("passesRule: the rule is evaluated on the record, and superusers pass every rule", async () => {
  const { values } = await addAccount("guard");
  const passes = (rule: string | null, principal = GUEST) =>
    passesRule(fixture.store, fixture.context({ as: principal }), staff, values, rule);
  expect(await passes("badge = 'guard'")).toBe(true);
  expect(await passes("badge = 'other'")).toBe(false);
  expect([await passes(""), await passes(null), await passes("removed = 1")]).toEqual([true, false, false]);
  expect(await passes(null, as)).toBe(true);
});

describe("a multi-factor sign-in", () => {
  const check = (record: AuthRecord, method: AuthMethod, mfaId = "", now = NOW) =>
    checkSignInFactor(fixture.store, schema, { record, method, mfaId, now });

  test("starts a session, which another method completes once", async () => {
    const record = await addAccount();
    const id = (await check(record, "password"))!;
    expect(await fixture.row("_mfas", id)).toMatchObject({ method: "password", recordRef: record.values.id });
    expect(await messageOf(check(record, "password", id))).toBe("A different authentication method is required.");
    expect(await check(record, "otp", id)).toBeUndefined();
    expect(await messageOf(check(record, "otp", id))).toBe("Invalid or expired MFA session.");
  });

  test("fails for the session of another account", async () => {
    const id = await check(await addAccount(), "password");
    expect(await messageOf(check(await addAccount(), "otp", id))).toBe("Invalid MFA session.");
  });

  test("fails once the session has expired, and deletes it", async () => {
    const record = await addAccount();
    const id = (await check(record, "password"))!;
    expect(await messageOf(check(record, "otp", id, seconds(61)))).toBe("Invalid or expired MFA session.");
    expect(await fixture.row("_mfas", id)).toBeUndefined();
  });

  test("completes only once when two requests arrive together", async () => {
    const record = await addAccount();
    const id = await check(record, "password");
    const results = await Promise.all([messageOf(check(record, "otp", id)), messageOf(check(record, "otp", id))]);
    expect(results.toSorted()).toEqual(["Invalid or expired MFA session.", "no error"]);
  });
});

describe("the origins of sign-ins", () => {
  const fingerprintsOf = async ({ values }: AuthRecord): Promise<string[]> => {
    const { body } = await fixture.list("_authOrigins", {
      as,
      query: { filter: `recordRef = '${values.id}'`, sort: "created" },
    });
    return body.items.map(({ fingerprint }: { fingerprint: string }) => fingerprint);
  };
  const record = (owner: AuthRecord, fingerprint: string, now: Date) =>
    fixture.store.write((tx) => recordOrigin(tx, schema, owner, fingerprint, now));

  test("are recorded once each, and only the last five are kept", async () => {
    const owner = await addAccount();
    for (const [i, fingerprint] of ["a", "b", "a", "c", "d", "e", "f"].entries()) {
      await record(owner, fingerprint, seconds(i));
    }
    expect(await fingerprintsOf(owner)).toEqual(["b", "c", "d", "e", "f"]);
  });

  test("are identified by address and the start of the user agent", () => {
    const long = "x".repeat(200);
    expect(originFingerprint("1.2.3.4", "agent")).toMatch(/^[0-9a-f]{32}$/);
    expect(originFingerprint("1.2.3.4", "agent")).not.toBe(originFingerprint("1.2.3.5", "agent"));
    expect(originFingerprint("1.2.3.4", `${long}1`)).toBe(originFingerprint("1.2.3.4", `${long}2`));
  });
});
