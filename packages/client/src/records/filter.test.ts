import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { hasPocketBase, type ServerKind } from "@headwater/testing/servers/server-command.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { assert, double, property } from "fast-check";
import { Client, filter, memoryStore } from "../index.ts";

setDefaultTimeout(60_000);

const KINDS: readonly ServerKind[] = hasPocketBase ? ["headwater", "pocketbase"] : ["headwater"];

describe.each(KINDS)("%s reads the numbers of a filter", (kind) => {
  let server: ServerProcess;
  let admin: SuperuserClient;

  beforeAll(async () => {
    server = await startServer({ kind });
    admin = await SuperuserClient.signIn(server.url);
    await admin.createCollection(PUBLIC_NOTES);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("whatever their size", async () => {
    const notes = new Client(server.url, { store: memoryStore() }).collection("notes");
    for (const count of [0, -0, 1e-7, -1.5e-9, 123.456, 1e21, -1.25e22, 2 ** 53, Number.MIN_VALUE, Number.MAX_VALUE]) {
      const { id } = await admin.create("notes", { title: "number", count });
      const { items } = await notes.list({ filter: filter`count = ${count} && id = ${id}` });
      expect([count, items.length]).toEqual([count, 1]);
      const { items: lower } = await notes.list({ filter: filter`count < ${count} && id = ${id}` });
      expect([count, lower.length]).toEqual([count, 0]);
    }
  });
});

test("a number is written in full, and reads as the same number", () => {
  expect(filter`n > ${1e-7} && n < ${-1.5e21}`).toBe("n > 0.0000001 && n < -1500000000000000000000");
  assert(
    property(double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const text = filter`${number}`;
      expect(text).toMatch(/^-?\d+(\.\d+)?$/);
      expect(Number(text)).toBe(number === 0 ? 0 : number);
    }),
  );
});

test("a number that no filter can hold is refused", () => {
  for (const number of [Number.NaN, Infinity, -Infinity]) expect(() => filter`n = ${number}`).toThrow(/filter/);
});
