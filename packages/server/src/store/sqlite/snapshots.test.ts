import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import type { Reader } from "../store.ts";
import { Connection } from "./connection.ts";
import { Snapshots } from "./snapshots.ts";

const path = join(testDir(), "data.db");
const writer = new Connection(path);
writer.exec("CREATE TABLE n (i)");
writer.exec("INSERT INTO n VALUES (1)");
const snapshots = new Snapshots(path);
afterAll(() => {
  snapshots.close();
  writer.close();
});

const read = async (reader: Reader): Promise<unknown> =>
  (await reader.first({ text: "SELECT i FROM n", values: [] }))?.["i"];
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("snapshots that begin in the same turn of the loop share a few connections", async () => {
  let most = 0;
  const results = await Promise.all(
    Array.from({ length: 64 }, () =>
      snapshots.read(async (reader) => {
        const first = await read(reader);
        most = Math.max(most, snapshots.size);
        return [first, await read(reader)];
      }),
    ),
  );
  expect(results).toEqual(Array.from({ length: 64 }, () => [1, 1]));
  expect(most).toBeLessThanOrEqual(4);
});

test("snapshots that wait for further ones get them", async () => {
  const results = await Promise.all(
    Array.from({ length: 20 }, () =>
      snapshots.read(async (outer) => {
        await nextTurn();
        return [await read(outer), await snapshots.read(async (inner) => read(inner))];
      }),
    ),
  );
  expect(results).toEqual(Array.from({ length: 20 }, () => [1, 1]));
  expect(snapshots.size).toBeLessThanOrEqual(4);
});
