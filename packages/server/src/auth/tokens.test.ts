import { createHmac } from "node:crypto";
import { expect, test } from "bun:test";
import { recordId, type RecordValues } from "@headwater/protocol";
import { toText } from "../lib/text/coerce.ts";
import { startTestApp } from "../testing/test-app.ts";
import { type Sql, sql } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";
import { readClaims } from "./token-claims.ts";
import { type AuthRecord, Tokens } from "./tokens.ts";

const { app, add, collection } = await startTestApp();
const { store, registry } = app.folder;
const users = collection("users");
if (users.type !== "auth") throw new Error("users is not an auth collection");
const NOW = new Date("2030-01-01T00:00:00Z");
const SECONDS = NOW.getTime() / 1000;

const addUser = async (name: string): Promise<AuthRecord> => ({
  collection: users,
  values: await add("users", { email: `${name}@example.com` }),
});

const keyOf = ({ values }: AuthRecord): string => toText(values["tokenKey"]) + users.auth.authToken.secret;

/** Signs a token without the library under test. */
function signed(claims: object, key: string, header: object = { alg: "HS256", typ: "JWT" }, hash = "sha256"): string {
  const content = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${content}.${createHmac(hash, key).update(content).digest("base64url")}`;
}

const claimsOf = ({ values }: AuthRecord): object => ({
  id: values.id,
  collectionId: users.id,
  type: "auth",
  exp: SECONDS + 60,
});

const verify = async (token: string, now = NOW, tokens = new Tokens(), reader: Reader = store): Promise<unknown> =>
  (await tokens.verify(reader, registry.current, token, "auth", now))?.values.id;

test("a token is an HMAC over PocketBase's claims with the record's key and the collection's secret", async () => {
  const user = await addUser("issued");
  const token = await new Tokens().issue({ ...user, type: "auth", now: NOW, claims: { refreshable: true } });
  const [header, payload] = token.split(".");
  expect(JSON.parse(atob(header!))).toEqual({ alg: "HS256", typ: "JWT" });
  expect(readClaims(token)).toEqual({
    refreshable: true,
    id: user.values.id,
    collectionId: users.id,
    type: "auth",
    iat: SECONDS,
    exp: SECONDS + users.auth.authToken.duration,
  });
  const expected = createHmac("sha256", keyOf(user)).update(`${header}.${payload}`).digest("base64url");
  expect(token.split(".")[2]).toBe(expected);
  expect(await verify(token)).toBe(user.values.id);
});

test("a token can have its own duration", async () => {
  const token = await new Tokens().issue({ ...(await addUser("timed")), type: "file", now: NOW, duration: 7 });
  expect(readClaims(token)?.exp).toBe(SECONDS + 7);
});

test("a correctly signed token is valid whoever issued it, with or without `typ`", async () => {
  const user = await addUser("foreign");
  expect(await verify(signed(claimsOf(user), keyOf(user)))).toBe(user.values.id);
  expect(await verify(signed(claimsOf(user), keyOf(user), { alg: "HS256" }))).toBe(user.values.id);
});

const stranger = await addUser("stranger");
const good = claimsOf(stranger);
const key = keyOf(stranger);
test.each<[string, string]>([
  ["is empty", ""],
  ["is malformed", "abc"],
  ["has no signature", `${signed(good, key).split(".").slice(0, 2).join(".")}.`],
  ["has another signature", `${signed(good, key).slice(0, -4)}AAAA`],
  ["is signed with another key", signed(good, `${key}x`)],
  ["is signed with the secret alone", signed(good, users.auth.authToken.secret)],
  ["claims to need no signature", signed(good, key, { alg: "none" })],
  ["is signed by another algorithm", signed(good, key, { alg: "HS512" }, "sha512")],
  ["has expired", signed({ ...good, exp: SECONDS }, key)],
  ["is not valid yet", signed({ ...good, nbf: SECONDS + 1 }, key)],
  ["was issued in the future", signed({ ...good, iat: SECONDS + 1 }, key)],
  ["expires after the end of time", signed({ ...good, exp: 1e300 }, key)],
  ["has a text for an expiry", signed({ ...good, exp: "never" }, key)],
  ["has another type", signed({ ...good, type: "file" }, key)],
  ["has an empty type", signed({ ...good, type: "" }, key)],
  ["has an unknown type", signed({ ...good, type: "admin" }, key)],
  ["has an empty record id", signed({ ...good, id: "" }, key)],
  ["has a number for a record id", signed({ ...good, id: 1 }, key)],
  ["has an unknown record id", signed({ ...good, id: "zzzzzzzzzzzzzzz" }, key)],
  ["has an unknown collection id", signed({ ...good, collectionId: "zzz" }, key)],
  ["has a collection that isn't an auth collection", signed({ ...good, collectionId: "_mfas" }, key)],
])("a token that %s is invalid", async (_, token) => {
  expect(await verify(token)).toBeUndefined();
});

test("a token is valid until the second it expires, and forever without `exp`", async () => {
  const token = signed({ ...good, exp: SECONDS + 1 }, key);
  expect(await verify(token, new Date(NOW.getTime() + 999))).toBe(stranger.values.id);
  expect(await verify(token, new Date(NOW.getTime() + 1000))).toBeUndefined();
  expect(await verify(signed({ ...good, exp: undefined }, key))).toBe(stranger.values.id);
  expect(await verify(signed({ ...good, exp: 0 }, key))).toBe(stranger.values.id);
});

const change = (statement: Sql): Promise<number> => store.write((tx) => tx.run(statement));

test("a verified token costs one read, and is void once it expires or its key or record changes", async () => {
  const user = await addUser("verified");
  const tokens = new Tokens();
  const token = await tokens.issue({ ...user, type: "auth", now: NOW });
  let reads = 0;
  const counting: Reader = {
    all: (statement) => store.all(statement),
    first: (statement) => {
      reads += 1;
      return store.first(statement);
    },
  };
  const check = (now = NOW): Promise<unknown> => verify(token, now, tokens, counting);
  expect([await check(), await check()]).toEqual([user.values.id, user.values.id]);
  expect(reads).toBe(2);

  expect(await check(new Date("2031-01-01T00:00:00Z"))).toBeUndefined();
  await change(sql`UPDATE users SET "tokenKey" = ${"k".repeat(50)} WHERE id = ${user.values.id}`);
  expect(await check()).toBeUndefined();
  await change(sql`UPDATE users SET "tokenKey" = ${toText(user.values["tokenKey"])} WHERE id = ${user.values.id}`);
  expect(await check()).toBe(user.values.id);
  await change(sql`DELETE FROM users WHERE id = ${user.values.id}`);
  expect(await check()).toBeUndefined();
});

test("no token is signed with an empty key", async () => {
  const secretless = { ...users, auth: { ...users.auth, authToken: { secret: "", duration: 60 } } };
  const values: RecordValues = { id: recordId("a"), tokenKey: "" };
  const refused = await new Tokens().issue({ collection: secretless, values, type: "auth", now: NOW }).then(
    () => false,
    () => true,
  );
  expect(refused).toBe(true);
});
