import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { Http } from "../http.ts";
import { Auth, type AuthChange } from "./auth.ts";
import { memoryStore, type StoredAuth } from "./token-store.ts";

const HOUR_MS = 60 * 60_000;
const RECORD = { id: "u", collectionId: "users", collectionName: "users" };

/** An Auth with a fake clock and a server that issues tokens for an hour. Tests may replace `server.respond`. */
function createAuth({ lifeMs = HOUR_MS, signedIn = true } = {}) {
  const clock = new FakeClock();
  let issued = 0;
  const newAuth = (): StoredAuth => {
    issued += 1;
    const claims = { exp: (clock.now() + lifeMs) / 1_000, id: "u", collectionId: "users", issued };
    return { token: `x.${btoa(JSON.stringify(claims))}.x`, record: RECORD };
  };
  const requests: string[] = [];
  const server = { respond: (): Response => Response.json(newAuth()) };
  const http = new Http({
    url: "http://server",
    clock,
    fetch: (url) => {
      requests.push(new URL(url).pathname.split("/").at(-1)!);
      return Promise.resolve().then(() => server.respond());
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

test("when the server can't be reached, refreshes are retried until the token expires, which is reported once", async () => {
  const { clock, auth, requests, server, changes, store } = createAuth();
  server.respond = () => {
    throw new TypeError("no network");
  };
  await clock.pass(2 * HOUR_MS);
  expect(requests.length).toBeGreaterThan(10);
  expect(changes).toEqual(["expired"]);
  expect([auth.record, store.read(), await auth.token()]).toEqual([undefined, undefined, ""]);
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
  expect(changes.at(-1)).toBe("expired");
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
