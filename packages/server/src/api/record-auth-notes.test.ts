import { describe, expect, test } from "bun:test";
import type { RecordValues } from "@headwater/protocol";
import { formatDateTime } from "../lib/text/date-time.ts";
import type { Row } from "../store/sql.ts";
import { authCollection } from "../testing/auth-collection.ts";
import { errorText, play } from "../testing/scenario.ts";
import { PASSWORD, startTestApp } from "../testing/test-app.ts";

const { url, app, add, define, tokenOf, collection } = await startTestApp();
const otp = { enabled: true, duration: 60, length: 6 };
await define(authCollection("members", {}));
await define(authCollection("careful", { mfa: { enabled: true, duration: 60, rule: "" }, otp }));
await define(authCollection("quiet", { authAlert: { enabled: false } }));
const cara = await add("careful", { email: "cara@example.com", nick: "cara" });
const { store } = app.folder;

const signIn = (of: string, nick: string, more: object = {}, headers: Record<string, string> = {}): Promise<Response> =>
  play(url, {
    method: "POST",
    path: `/api/collections/${of}/auth-with-password`,
    headers,
    body: { identity: nick, password: PASSWORD, ...more },
  });

const rowsAbout = (table: string, { id }: RecordValues): Promise<Row[]> =>
  store.all({ text: `SELECT * FROM ${table} WHERE recordRef = ? ORDER BY created`, values: [id] });

/** Records that Cara has passed another factor. */
const noteFactor = (id: string, created: Date): Promise<number> =>
  store.write((tx) =>
    tx.run({
      text: "INSERT INTO _mfas (id, collectionRef, recordRef, method, created) VALUES (?, ?, ?, 'otp', ?)",
      values: [id, collection("careful").id, cara.id, formatDateTime(created)],
    }),
  );

describe("signing in with two factors", () => {
  test("asks for a second factor, and records the first", async () => {
    const response = await signIn("careful", "cara");
    expect(response.status).toBe(401);
    const answer = (await response.json()) as { mfaId: string };
    expect(Object.keys(answer)).toEqual(["mfaId"]);
    expect(await rowsAbout("_mfas", cara)).toMatchObject([
      { id: answer.mfaId, collectionRef: collection("careful").id, method: "password" },
    ]);
  });

  test("requires a different factor of the same record, from an existing session", async () => {
    await add("careful", { email: "other@example.com", nick: "other" });
    const { mfaId } = (await (await signIn("careful", "cara")).json()) as { mfaId: string };
    const answer = async (nick: string, id: string): Promise<string> =>
      (await signIn("careful", nick, { mfaId: id })).text();
    expect(await answer("cara", mfaId)).toBe(errorText(400, "A different authentication method is required."));
    expect(await answer("cara", "nope")).toBe(errorText(400, "Invalid or expired MFA session."));
    expect(await answer("other", mfaId)).toBe(errorText(400, "Invalid MFA session."));
  });

  test("expires, and can be used only once", async () => {
    await noteFactor("expiredexpired1", new Date(Date.now() - 61_000));
    await noteFactor("currentcurrent1", new Date());
    const status = async (mfaId: string): Promise<number> => (await signIn("careful", "cara", { mfaId })).status;
    expect(await status("expiredexpired1")).toBe(400);
    const answers = await Promise.all([status("currentcurrent1"), status("currentcurrent1")]);
    expect(answers.sort()).toEqual([200, 400]);
    const left = await rowsAbout("_mfas", cara);
    expect(left.filter(({ method }) => method === "otp")).toEqual([]);
  });

  test("accepts the first factor's id as a URL parameter too", async () => {
    await noteFactor("currentcurrent2", new Date());
    const path = "/api/collections/careful/auth-with-password?mfaId=currentcurrent2";
    const body = { identity: "cara", password: PASSWORD };
    expect((await play(url, { method: "POST", path, body })).status).toBe(200);
  });
});

describe("origins", () => {
  test("are recorded once each, by PocketBase's fingerprint, and the last five are kept", async () => {
    const bea = await add("members", { email: "bea@example.com", nick: "bea" });
    const from = (agent: string): Promise<Response> => signIn("members", "bea", {}, { "User-Agent": agent });
    for (const agent of ["one", "one", "two", "three", "four", "five"]) await from(agent);
    const [first, ...others] = await rowsAbout("_authOrigins", bea);
    expect(others.length).toBe(4);
    expect(first!["fingerprint"]).toBe(new Bun.CryptoHasher("md5").update("127.0.0.1one").digest("hex"));
    await from("six");
    const then = await rowsAbout("_authOrigins", bea);
    expect(then.length).toBe(5);
    expect(then.map(({ id }) => id)).not.toContain(first!["id"]);
  });

  test("are not recorded if alerts are off, nor on a refresh", async () => {
    const dan = await add("quiet", { email: "dan@example.com", nick: "dan" });
    expect((await signIn("quiet", "dan")).status).toBe(200);
    expect(await rowsAbout("_authOrigins", dan)).toEqual([]);

    const eve = await add("members", { email: "eve@example.com", nick: "eve" });
    const token = await tokenOf("members", eve);
    const refreshed = await play(url, { method: "POST", path: "/api/collections/members/auth-refresh", token });
    expect(refreshed.status).toBe(200);
    expect(await rowsAbout("_authOrigins", eve)).toEqual([]);
  });
});
