import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { Http } from "../http.ts";
import { Auth, type AuthChange } from "./auth.ts";
import { memoryStore, type StoredAuth } from "./token-store.ts";

const HOUR_MS = 60 * 60_000;
const RECORD = { id: "u", collectionId: "users", collectionName: "users" };

/** A server that gives tokens of an hour, by a clock that the test moves; `answer` may stand in for it. */
function world({ lifeMs = HOUR_MS, signedIn = true } = {}) {
  const clock = new FakeClock();
  let made = 0;
  const newAuth = (): StoredAuth => {
    made += 1;
    const claims = { exp: (clock.now() + lifeMs) / 1_000, id: "u", collectionId: "users", made };
    return { token: `x.${btoa(JSON.stringify(claims))}.x`, record: RECORD };
  };
  const asked: string[] = [];
  const server = { answer: (): Response => Response.json(newAuth()) };
  const http = new Http({
    url: "http://server",
    clock,
    fetch: (url) => {
      asked.push(new URL(url).pathname.split("/").at(-1)!);
      return Promise.resolve().then(() => server.answer());
    },
  });
  const store = memoryStore(signedIn ? newAuth() : undefined);
  const auth = new Auth({ http, store, autoRefresh: true });
  const changes: AuthChange["kind"][] = [];
  const same: boolean[] = [];
  auth.onChange(({ kind }) => changes.push(kind));
  auth.onToken((isSame) => same.push(isSame));
  return { clock, auth, asked, server, changes, same, store };
}

const refuse = (status: number) => (): Response => Response.json({ status, message: "no", data: {} }, { status });

test("a token is refreshed before it ends, again and again, and its listeners are told that it is the same person's", async () => {
  const { clock, auth, asked, changes, same } = world();
  await clock.pass(5 * HOUR_MS);
  expect(auth.isValid).toBe(true);
  expect(new Set(asked)).toEqual(new Set(["auth-refresh"]));
  // Six minutes before the end of each hour.
  expect(asked.length).toBe(5);
  expect(changes).toEqual(Array.from({ length: 5 }, () => "refreshed"));
  expect(new Set(same)).toEqual(new Set([true]));
  auth.close();
  await clock.pass(5 * HOUR_MS);
  expect(asked.length).toBe(5);
});

test("a machine that slept through the end of its token asks for a fresh one before it asks for anything else", async () => {
  const { clock, auth, asked } = world();
  clock.sleep(HOUR_MS - 10_000);
  const before = await auth.token();
  expect(asked).toEqual(["auth-refresh"]);
  expect(await auth.token()).toBe(before);
  auth.close();
});

test("those who need a fresh token at once share one request", async () => {
  const { auth, asked } = world();
  const old = await auth.token();
  expect(await Promise.all([auth.renew(old), auth.renew(old), auth.refresh().then(() => true)])).toEqual([
    true,
    true,
    true,
  ]);
  expect(asked).toEqual(["auth-refresh"]);
  // Who comes late with the old one is given what there is.
  expect(await auth.renew(old)).toBe(true);
  expect(asked).toEqual(["auth-refresh"]);
  auth.close();
});

test("a server that can't be reached is asked again until the token has ended; then that is told, once", async () => {
  const { clock, auth, asked, server, changes, store } = world();
  server.answer = () => {
    throw new TypeError("no network");
  };
  await clock.pass(2 * HOUR_MS);
  expect(asked.length).toBeGreaterThan(10);
  expect(changes).toEqual(["expired"]);
  expect([auth.record, store.read(), await auth.token()]).toEqual([undefined, undefined, ""]);
});

test("a server that does not accept the token any more ends the sign-in: revoked", async () => {
  for (const status of [401, 403, 404]) {
    const { auth, server, changes, same } = world();
    server.answer = refuse(status);
    expect(await auth.renew(await auth.token())).toBe(false);
    expect(changes).toEqual(["revoked"]);
    expect(same).toEqual([false]);
  }
});

test("a token that can't be refreshed, as one for another, lasts as long as it does", async () => {
  const { clock, auth, server, changes } = world();
  const token = await auth.token();
  server.answer = () => Response.json({ token, record: RECORD });
  await clock.pass(HOUR_MS - 60_000);
  expect(auth.isValid).toBe(true);
  await clock.pass(2 * 60_000);
  expect(changes.at(-1)).toBe("expired");
});

test("signing in and out changes who it is, and a wrong password leaves everything as it was", async () => {
  const { auth, server, changes, same } = world({ signedIn: false });
  expect(auth.isValid).toBe(false);
  await auth.signIn("ann@example.com", "right");
  const { answer } = server;
  server.answer = refuse(400);
  expect(await rejectionOf(auth.signIn("ann@example.com", "wrong"))).toMatchObject({ code: "invalid", status: 400 });
  expect(auth.record).toEqual(RECORD);
  server.answer = answer;
  auth.signOut();
  expect(changes).toEqual(["signed-in", "signed-out"]);
  expect(same).toEqual([false, false]);
});

test("a sign-out while a refresh is under way stands", async () => {
  const { auth } = world();
  const refreshing = auth.refresh();
  auth.signOut();
  await refreshing;
  expect(auth.record).toBeUndefined();
  expect(await auth.token()).toBe("");
});
