import { describe, expect, spyOn, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { Http } from "../http.ts";
import { Auth, type AuthChange } from "./auth.ts";
import { decodeClaims } from "./token-claims.ts";
import { memoryStore, type StoredAuth } from "./token-store.ts";

const HOUR_MS = 60 * 60_000;
const RECORD = { id: "u", collectionId: "users", collectionName: "users" };

interface ServerOptions {
  readonly lifeMs: number;
  readonly signedIn: boolean;
  /** How far the device's clock is ahead of the server's. */
  readonly aheadMs: number;
  /** What tells the client the server's time. */
  readonly says: "iat" | "date" | "nothing";
}

/** An Auth with a fake clock and a server that issues tokens for an hour. Tests may replace `server.respond`. */
function createAuth({ lifeMs = HOUR_MS, signedIn = true, aheadMs = 0, says = "iat" }: Partial<ServerOptions> = {}) {
  const clock = new FakeClock();
  let issued = 0;
  const serverTime = (): number => clock.now() - aheadMs;
  const newAuth = (): StoredAuth => {
    issued += 1;
    const iat = Math.floor(serverTime() / 1_000);
    const claims = {
      exp: iat + lifeMs / 1_000,
      ...(says === "iat" && { iat }),
      id: "u",
      collectionId: "users",
      issued,
    };
    return { token: `x.${btoa(JSON.stringify(claims))}.x`, record: RECORD };
  };
  const isExpired = (token: string): boolean => (decodeClaims(token)?.expiresAt ?? 0) <= serverTime();
  const requests: string[] = [];
  const headers = (): Record<string, string> => (says === "date" ? { date: new Date(serverTime()).toUTCString() } : {});
  const server = { respond: (): Response => Response.json(newAuth(), { headers: headers() }) };
  const http = new Http({
    url: "http://server",
    clock,
    fetch: (url, { headers: sent }) => {
      requests.push(new URL(url).pathname.split("/").at(-1)!);
      const token = new Headers(sent).get("authorization") ?? "";
      return Promise.resolve().then(() => (token !== "" && isExpired(token) ? respondWith(401)() : server.respond()));
    },
  });
  const store = memoryStore(signedIn ? newAuth() : undefined);
  const auth = new Auth({ http, store, autoRefresh: true });
  const changes: AuthChange["kind"][] = [];
  const sameUser: boolean[] = [];
  auth.onChange(({ kind }) => changes.push(kind));
  auth.onToken((isSame) => sameUser.push(isSame));
  return { clock, auth, requests, server, changes, sameUser, store };
}

const respondWith = (status: number) => (): Response => Response.json({ status, message: "no", data: {} }, { status });

test("a token is refreshed before each expiry, and listeners learn that the user is the same", async () => {
  const { clock, auth, requests, changes, sameUser } = createAuth();
  await clock.pass(5 * HOUR_MS);
  expect(auth.isValid).toBe(true);
  expect(new Set(requests)).toEqual(new Set(["auth-refresh"]));
  // Six minutes before the end of each hour.
  expect(requests.length).toBe(5);
  expect(changes).toEqual(Array.from({ length: 5 }, () => "refreshed"));
  expect(new Set(sameUser)).toEqual(new Set([true]));
  auth.close();
  await clock.pass(5 * HOUR_MS);
  expect(requests.length).toBe(5);
});

test("after sleep, a token that is about to expire is refreshed before its next use", async () => {
  const { clock, auth, requests } = createAuth();
  clock.sleep(HOUR_MS - 10_000);
  const before = await auth.token();
  expect(requests).toEqual(["auth-refresh"]);
  expect(await auth.token()).toBe(before);
  auth.close();
});

test("concurrent refreshes share one request", async () => {
  const { auth, requests } = createAuth();
  const old = await auth.token();
  expect(await Promise.all([auth.renew(old), auth.renew(old), auth.refresh().then(() => true)])).toEqual([
    true,
    true,
    true,
  ]);
  expect(requests).toEqual(["auth-refresh"]);
  // A late call with the old token gets the new one, without a request.
  expect(await auth.renew(old)).toBe(true);
  expect(requests).toEqual(["auth-refresh"]);
  auth.close();
});

test("when the server can't be reached, refreshes are retried until it says that the token has expired", async () => {
  const { clock, auth, requests, server, changes, store } = createAuth();
  const token = await auth.token();
  server.respond = () => {
    throw new TypeError("no network");
  };
  await clock.pass(59 * 60_000);
  expect(requests.length).toBeGreaterThan(10);
  expect([await auth.token(), changes]).toEqual([token, []]);
  await clock.pass(2 * 60_000);
  expect(changes).toEqual(["expired"]);
  expect([auth.record, store.read(), await auth.token()]).toEqual([undefined, undefined, ""]);
});

describe("a device's clock that is wrong", () => {
  for (const aheadMs of [14 * 24 * HOUR_MS, HOUR_MS - 1_000, -14 * 24 * HOUR_MS]) {
    for (const says of ["iat", "date"] as const) {
      test(`by ${aheadMs / 1_000} s does not change when tokens are refreshed (${says})`, async () => {
        const { clock, auth, requests, changes } = createAuth({ aheadMs, says, signedIn: false });
        await auth.signIn("ann@example.com", "right");
        expect(auth.isValid).toBe(true);
        await clock.pass(5 * HOUR_MS);
        expect(requests.filter((request) => request === "auth-refresh").length).toBe(5);
        expect(new Set(changes)).toEqual(new Set<AuthChange["kind"]>(["signed-in", "refreshed"]));
        auth.close();
      });
    }
  }

  test("keeps a stored token that seems to have expired, and refreshes it at once", async () => {
    const { clock, auth, requests, changes } = createAuth({ aheadMs: 2 * HOUR_MS });
    expect(auth.isValid).toBe(true);
    await auth.token();
    await clock.pass(10 * 60_000);
    expect([requests, changes]).toEqual([["auth-refresh"], ["refreshed"]]);
    auth.close();
  });

  test("keeps a token whose life the server doesn't tell until the server refuses it", async () => {
    const { clock, auth, requests, changes } = createAuth({ aheadMs: 2 * HOUR_MS, says: "nothing", signedIn: false });
    await auth.signIn("ann@example.com", "right");
    await clock.pass(2 * HOUR_MS);
    expect([requests.length, changes]).toEqual([1, ["signed-in"]]);
    expect(await auth.renew(await auth.token())).toBe(false);
    expect(changes).toEqual(["signed-in", "revoked"]);
  });
});

test("short-lived tokens are refreshed before they expire, and not for each request", async () => {
  for (const seconds of [2, 5, 10, 30, 45]) {
    const { clock, auth, requests, changes } = createAuth({ lifeMs: seconds * 1_000 });
    for (let second = 0; second < 60; second += 1) {
      await clock.pass(1_000);
      await auth.token();
    }
    expect([seconds, changes.includes("expired"), auth.isValid]).toEqual([seconds, false, true]);
    expect(requests.length).toBeGreaterThanOrEqual(Math.floor(60 / seconds));
    expect(requests.length).toBeLessThanOrEqual(60 / Math.max(1, seconds / 2 - 1) + 1);
    auth.close();
  }
});

test("a listener that throws doesn't keep the change from the others", async () => {
  const { auth, changes, sameUser } = createAuth();
  const errors = spyOn(globalThis, "reportError").mockImplementation(() => undefined);
  try {
    const failing = (): never => {
      throw new Error("of the app");
    };
    const later: string[] = [];
    auth.onChange(failing);
    auth.onToken(failing);
    auth.onChange(({ kind }) => later.push(kind));
    await auth.signIn("ann@example.com", "right");
    auth.signOut();
    expect([later, changes]).toEqual([
      ["signed-in", "signed-out"],
      ["signed-in", "signed-out"],
    ]);
    expect(sameUser).toEqual([true, false]);
    expect(errors).toHaveBeenCalledTimes(4);
  } finally {
    errors.mockRestore();
  }
});

test("a server that rejects the token signs the user out as revoked", async () => {
  for (const status of [401, 403, 404]) {
    const { auth, server, changes, sameUser } = createAuth();
    server.respond = respondWith(status);
    expect(await auth.renew(await auth.token())).toBe(false);
    expect(changes).toEqual(["revoked"]);
    expect(sameUser).toEqual([false]);
  }
});

test("a token that can't be refreshed stays valid until it expires", async () => {
  const { clock, auth, server, changes } = createAuth();
  const token = await auth.token();
  server.respond = () => Response.json({ token, record: RECORD });
  await clock.pass(HOUR_MS - 60_000);
  expect(auth.isValid).toBe(true);
  await clock.pass(2 * 60_000);
  expect([auth.isValid, changes.at(-1)]).toEqual([false, "expired"]);
});

test("a token that can't be refreshed is tried again when it expires, not in between", async () => {
  const { clock, auth, requests, server, changes } = createAuth();
  const token = await auth.token();
  server.respond = () => Response.json({ token, record: RECORD });
  await clock.pass(HOUR_MS - 60_000);
  expect(requests.length).toBe(1);
  server.respond = respondWith(401);
  await clock.pass(61_000);
  expect([auth.isValid, changes.at(-1)]).toEqual([false, "expired"]);
  expect(requests.length).toBe(2);
});

test("signing in and out changes the user, and a wrong password changes nothing", async () => {
  const { auth, server, changes, sameUser } = createAuth({ signedIn: false });
  expect(auth.isValid).toBe(false);
  await auth.signIn("ann@example.com", "right");
  const { respond } = server;
  server.respond = respondWith(400);
  expect(await rejectionOf(auth.signIn("ann@example.com", "wrong"))).toMatchObject({ code: "invalid", status: 400 });
  expect(auth.record).toEqual(RECORD);
  server.respond = respond;
  auth.signOut();
  expect(changes).toEqual(["signed-in", "signed-out"]);
  expect(sameUser).toEqual([false, false]);
});

test("a sign-out during a refresh is not undone by it", async () => {
  const { auth } = createAuth();
  const refreshing = auth.refresh();
  auth.signOut();
  await refreshing;
  expect(auth.record).toBeUndefined();
  expect(await auth.token()).toBe("");
});
