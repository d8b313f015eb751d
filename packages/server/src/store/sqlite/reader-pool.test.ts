import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { sql, toQuery } from "../sql.ts";
import type { Reader } from "../store.ts";
import { Connection } from "./connection.ts";
import { ReaderPool, type ReaderPoolOptions } from "./reader-pool.ts";

const path = join(testDir(), "data.db");
const writer = new Connection(path);
writer.exec("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)");
for (let id = 1; id <= 500; id += 1)
  writer.run(toQuery(sql`INSERT INTO notes (id, body) VALUES (${id}, ${`note ${id}`})`));

const pools: ReaderPool[] = [];
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  writer.close();
});

function openPool(options: Partial<ReaderPoolOptions> = {}): ReaderPool {
  const pool = new ReaderPool(path, { readers: 2, limitMs: 0, memoryBytes: 0, answerBytes: 0, ...options });
  pools.push(pool);
  return pool;
}

/** Takes hours. */
const endless = (reader: Reader): Promise<unknown> =>
  reader.first(sql`SELECT count(*) FROM notes a, notes b, notes c, notes d, notes e WHERE a.body > b.body || c.body`);
const countNotes = async (reader: Reader): Promise<unknown> =>
  (await reader.first(sql`SELECT count(*) AS n FROM notes`))?.["n"];
const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no error",
    (error: unknown) => error,
  );

describe("a read", () => {
  test("sees one snapshot, whatever is written meanwhile, and the next one sees that", async () => {
    const pool = openPool();
    const read = async (write: boolean): Promise<unknown[]> =>
      pool.read({ key: "a" }, "light", async (reader) => {
        const before = await countNotes(reader);
        if (write) writer.exec("INSERT INTO notes (body) VALUES ('new')");
        return [before, await countNotes(reader)];
      });
    expect(await read(true)).toEqual([500, 500]);
    expect(await read(false)).toEqual([501, 501]);
  });

  test("returns blobs, numbers and many rows as they are, in order", async () => {
    const values = await openPool().read({ key: "a" }, "light", (reader) =>
      reader.all(sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
        SELECT i, x'0102' AS blob, 1.5 AS real, NULL AS empty FROM n`),
    );
    expect(values.length).toBe(5_000);
    expect(values[4_999]).toEqual({ i: 5_000, blob: new Uint8Array([1, 2]), real: 1.5, empty: null });
  });

  test("that SQLite refuses rejects with its error, and the reader goes on", async () => {
    const pool = openPool();
    const refused = await errorOf(pool.read({ key: "a" }, "light", (reader) => reader.all(sql`SELECT missing`)));
    expect(refused).toMatchObject({ kind: "invalid", message: "no such column: missing" });
    expect(await pool.read({ key: "a" }, "light", countNotes)).toBeNumber();
  });

  test("may run several statements at once", async () => {
    const counts = await openPool().read({ key: "a" }, "light", (reader) =>
      Promise.all([reader.first(sql`SELECT 1 AS n`), reader.first(sql`SELECT 2 AS n`)]),
    );
    expect(counts).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

describe("a query is cut", () => {
  test("when its time is over, and the pool goes on", async () => {
    const pool = openPool({ limitMs: 200 });
    expect(await errorOf(pool.read({ key: "a" }, "heavy", endless))).toMatchObject({ kind: "overrun" });
    expect(await pool.read({ key: "a" }, "heavy", countNotes)).toBeNumber();
    expect(pool.status.cut).toEqual(new Map([["overrun", 1]]));
  });

  test("when its owner's own time is over", async () => {
    const pool = openPool();
    expect(await errorOf(pool.read({ key: "a", limitMs: 50 }, "heavy", endless))).toMatchObject({ kind: "overrun" });
  });

  test("when its owner leaves", async () => {
    const pool = openPool();
    const leaving = new AbortController();
    const started = Promise.withResolvers<void>();
    const cut = errorOf(
      pool.read({ key: "a", signal: leaving.signal }, "heavy", (reader) => {
        const running = endless(reader);
        started.resolve();
        return running;
      }),
    );
    await started.promise;
    leaving.abort();
    expect(await cut).toMatchObject({ kind: "abandoned" });
  });

  test("when its owner leaves while it waits", async () => {
    const pool = openPool({ readers: 1 });
    const leaving = new AbortController();
    const first = errorOf(pool.read({ key: "a" }, "heavy", endless));
    const second = errorOf(pool.read({ key: "a", signal: leaving.signal }, "heavy", endless));
    leaving.abort();
    expect(await second).toMatchObject({ kind: "abandoned" });
    await pool.close();
    expect(await first).toMatchObject({ kind: "closed" });
  });

  test.if(process.platform === "linux")("when it takes too much memory", async () => {
    const pool = openPool({ memoryBytes: 60_000_000 });
    const glut = (reader: Reader): Promise<unknown> =>
      reader.first(
        sql`SELECT count(*) FROM (SELECT DISTINCT a.body || b.body || c.body FROM notes a, notes b, notes c)`,
      );
    expect(await errorOf(pool.read({ key: "a" }, "heavy", glut))).toMatchObject({ kind: "overrun" });
  });

  test("when its rows are too many bytes", async () => {
    const pool = openPool({ answerBytes: 1_000_000 });
    const large = (reader: Reader): Promise<unknown> => reader.all(sql`SELECT a.body, b.body FROM notes a, notes b`);
    expect(await errorOf(pool.read({ key: "a" }, "light", large))).toMatchObject({ kind: "overrun" });
    expect(await pool.read({ key: "a" }, "light", countNotes)).toBeNumber();
  });

  test("if it is the oldest and asked for, and no other", async () => {
    const pool = openPool({ readers: 3 });
    const started = Promise.withResolvers<void>();
    const oldest = errorOf(
      pool.read({ key: "a" }, "heavy", (reader) => {
        const running = endless(reader);
        started.resolve();
        return running;
      }),
    );
    await started.promise;
    const younger = errorOf(pool.read({ key: "b" }, "heavy", endless));
    pool.cutOldest(3_600_000);
    pool.cutOldest(0);
    expect(await oldest).toMatchObject({ kind: "overrun" });
    await pool.close();
    expect(await younger).toMatchObject({ kind: "closed" });
  });
});

describe("owners share the readers", () => {
  test("one with many heavy queries leaves a reader to the others", async () => {
    const pool = openPool();
    const greedy = Array.from({ length: 8 }, () => errorOf(pool.read({ key: "greedy" }, "heavy", endless)));
    expect(await pool.read({ key: "modest" }, "heavy", countNotes)).toBeNumber();
    await pool.close();
    await Promise.all(greedy);
  });

  test("light queries have a reader of their own", async () => {
    const pool = openPool();
    const heavy = ["a", "b"].map((key) => errorOf(pool.read({ key }, "heavy", endless)));
    expect(await pool.read({ key: "c" }, "light", countNotes)).toBeNumber();
    await pool.close();
    await Promise.all(heavy);
  });

  test("too many heavy queries keep out no light one of the same owner, who may be many behind one address", async () => {
    const pool = openPool();
    const heavy = Array.from({ length: 40 }, () => errorOf(pool.read({ key: "address" }, "heavy", endless)));
    expect(await pool.read({ key: "address" }, "light", countNotes)).toBeNumber();
    await pool.close();
    await Promise.all(heavy);
  });

  test("one with too many that wait is refused, and the others are not", async () => {
    const pool = openPool();
    const reads = Array.from({ length: 40 }, () => errorOf(pool.read({ key: "greedy" }, "heavy", endless)));
    expect(await reads[39]!).toMatchObject({ kind: "crowded" });
    expect(await pool.read({ key: "modest" }, "heavy", countNotes)).toBeNumber();
    await pool.close();
    await Promise.all(reads);
  });
});

test("closing ends the processes", async () => {
  const pool = openPool();
  await pool.read({ key: "a" }, "light", countNotes);
  const { pids } = pool;
  expect(pids.length).toBe(1);
  await pool.close();
  expect(() => process.kill(pids[0]!, 0)).toThrow("ESRCH");
  expect(await errorOf(pool.read({ key: "a" }, "light", countNotes))).toMatchObject({ kind: "closed" });
});
