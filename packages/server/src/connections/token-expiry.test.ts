import { expect, test } from "bun:test";
import { TokenExpiry } from "./token-expiry.ts";

/** A token that expires in this second. Nothing checks its signature here. */
const tokenUntil = (exp: number): string =>
  ["{}", { id: "a", collectionId: "b", type: "auth", exp }, ""]
    .map((part) => Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url"))
    .join(".");

const nextTurns = async (): Promise<void> => {
  for (let i = 0; i < 8; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

test("each connection ends with its token, once, whatever the clock does", async () => {
  const expiry = new TokenExpiry();
  const ended: string[] = [];
  const add = (name: string, exp: number): object => {
    const connection = { name };
    expiry.set(connection, tokenUntil(exp), () => ended.push(name));
    return connection;
  };
  add("ten", 10);
  add("ten, too", 10);
  add("twenty", 20);
  expiry.remove(add("gone", 10));
  expiry.tick(9_999);
  await nextTurns();
  expect(ended).toEqual([]);
  expiry.tick(10_000);
  expiry.tick(5_000);
  expiry.tick(15_000);
  await nextTurns();
  expect(ended).toEqual(["ten", "ten, too"]);
  add("the past", 1);
  expiry.tick(1e12);
  await nextTurns();
  expect(ended.slice(2)).toEqual(["twenty", "the past"]);
  expect(expiry.size).toBe(0);
});

test("a connection has one token, and a guest has none", async () => {
  const expiry = new TokenExpiry();
  const ended: number[] = [];
  const connection = {};
  for (const exp of [10, 20]) expiry.set(connection, tokenUntil(exp), () => ended.push(exp));
  expiry.tick(15_000);
  await nextTurns();
  expect(ended).toEqual([]);
  expiry.set(connection, "", () => ended.push(0));
  expiry.tick(1e12);
  await nextTurns();
  expect(ended).toEqual([]);
  expect(expiry.size).toBe(0);
});

test("thousands of tokens that expire together leave turns to others", async () => {
  const expiry = new TokenExpiry();
  let ended = 0;
  for (let i = 0; i < 2_000; i += 1) expiry.set({}, tokenUntil(10), () => (ended += 1));
  expiry.tick(10_000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBeLessThan(2_000);
  await nextTurns();
  expect(ended).toBe(2_000);
});
