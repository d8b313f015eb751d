import { expect, test } from "bun:test";
import { hashPassword, verifyPassword } from "./password.ts";

const COST = 4;

test("a hash has PocketBase's format and matches only its password", async () => {
  const hash = await hashPassword("correct horse", COST);
  expect(hash).toStartWith("$2a$04$");
  expect(await verifyPassword("correct horse", hash!)).toBe(true);
  expect(await verifyPassword("correct horsf", hash!)).toBe(false);
});

test("a hash written by Go is accepted", async () => {
  const hash = "$2a$10$.5Elh8fgxypNUWhpUUr/xOa2sZm0VIaE0qWuGGl9otUfobb46T1Pq";
  expect(await verifyPassword("123456", hash)).toBe(true);
});

test("more than 72 bytes are not hashed, and only the first 72 are compared", async () => {
  expect(await hashPassword("é".repeat(37), COST)).toBeUndefined();
  const hash = await hashPassword("x".repeat(72), COST);
  expect(await verifyPassword(`${"x".repeat(72)}and more`, hash!)).toBe(true);
  expect(await verifyPassword("x".repeat(71), hash!)).toBe(false);
});

test("an empty password, an empty hash and a foreign hash never match", async () => {
  const empty = await hashPassword("", COST);
  expect(await verifyPassword("", empty!)).toBe(false);
  expect(await verifyPassword("x", "")).toBe(false);
  expect(await verifyPassword("x", "$argon2id$v=19$m=65536,t=2,p=1$AAAA$AAAA")).toBe(false);
  expect(await verifyPassword("x", "$2a$04$short")).toBe(false);
});
