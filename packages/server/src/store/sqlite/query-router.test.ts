import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { type Sql, sql } from "../sql.ts";
import type { Reader } from "../store.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const store = openSqliteStore(join(testDir(), "data.db"));
afterAll(() => store.close());
await store.write(async (tx) => {
  await tx.run(sql`CREATE TABLE notes (id TEXT PRIMARY KEY, body TEXT)`);
  for (let n = 0; n < 300; n += 1) await tx.run(sql`INSERT INTO notes VALUES (${`n${n}`}, ${`note ${n}`})`);
});
const owner = { key: "somebody" };

/** Every pair of notes: 90,000 rows. */
const pairs = (condition: Sql): Sql => sql`SELECT count(*) AS n FROM "notes" AS "a", "notes" AS "b" WHERE ${condition}`;
const endless = sql`SELECT count(*) AS n FROM "notes" AS "a", "notes" AS "b", "notes" AS "c", "notes" AS "d" WHERE "a".body > "b".body || "c".body || "d".body`;
const inReaders = async (work: () => Promise<unknown>): Promise<boolean> => {
  const before = store.readers!.finished;
  await work();
  return store.readers!.finished > before;
};

describe("a statement", () => {
  test("that is cheap for certain runs here", async () => {
    expect(await inReaders(() => store.for(owner).first(sql`SELECT * FROM "notes" WHERE id = 'n1'`))).toBe(false);
    expect(await inReaders(() => store.for(owner).all(sql`SELECT * FROM "notes"`))).toBe(false);
  });

  test("that may be expensive runs in a reader, with the same result", async () => {
    let found: unknown;
    expect(await inReaders(async () => (found = await store.for(owner).all(pairs(sql`"a".id != "b".id`))))).toBe(true);
    expect(found).toEqual([{ n: 300 * 299 }]);
  });

  test("that takes too long is cut, and this thread goes on meanwhile", async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    const error = await store
      .for({ ...owner, limitMs: 300 })
      .first(endless)
      .catch((reason: unknown) => reason);
    clearInterval(timer);
    expect(error).toMatchObject({ kind: "overrun" });
    expect(turns).toBeGreaterThan(10);
  });

  test("that can't run is refused with SQLite's reason", async () => {
    const error = await store
      .for(owner)
      .all(sql`SELECT missing FROM "notes"`)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: "invalid", message: "no such column: missing" });
  });
});

describe("a work", () => {
  test("starts again in a reader, on one snapshot, when a statement may be expensive", async () => {
    const starts: unknown[] = [];
    const counts = await store.for(owner).read(async (reader: Reader) => {
      starts.push(reader);
      const first = await reader.first(sql`SELECT count(*) AS n FROM "notes"`);
      await reader.all(pairs(sql`"a".id > "b".id`));
      if (starts.length === 2) await store.write((tx) => tx.run(sql`INSERT INTO notes VALUES ('new', 'new')`));
      return [first, await reader.first(sql`SELECT count(*) AS n FROM "notes"`)];
    });
    expect(starts.length).toBe(2);
    expect(counts).toEqual([{ n: 300 }, { n: 300 }]);
  });

  test("sees what was written before it, here and in a reader", async () => {
    for (let n = 0; n < 20; n += 1) {
      await store.write((tx) => tx.run(sql`INSERT INTO notes VALUES (${`late${n}`}, '')`));
      const here = await store.for(owner).first(sql`SELECT count(*) AS n FROM "notes" WHERE id = ${`late${n}`}`);
      const there = await store.for(owner).first(pairs(sql`"a".id = ${`late${n}`} AND "b".body != "a".id`));
      expect([here?.["n"], there?.["n"]]).toEqual([1, 301 + n + 1]);
    }
  });
});

test("a plan is read again after the tables have changed", async () => {
  await store.write((tx) => tx.run(sql`CREATE TABLE many (owner TEXT)`), { alone: true });
  await store.write(async (tx) => {
    await tx.run(
      sql`INSERT INTO many SELECT 'o' || value FROM json_each(${JSON.stringify(Array.from({ length: 30_000 }, (_, n) => n))})`,
    );
  });
  const query = sql`SELECT * FROM "many" WHERE owner = 'o7'`;
  expect(await inReaders(() => store.for(owner).all(query))).toBe(true);
  await store.write((tx) => tx.run(sql`CREATE UNIQUE INDEX by_owner ON many (owner)`), { alone: true });
  // The first time, the new index and the size of the table are measured in a reader.
  while (await inReaders(() => store.for(owner).all(query))) await Bun.sleep(1);
});

test("a long query neither stops writes nor lets the log of the database grow without bound", async () => {
  const path = join(testDir(), "long.db");
  const long = openSqliteStore(path);
  await long.write(async (tx) => {
    await tx.run(sql`CREATE TABLE notes (id TEXT PRIMARY KEY, body TEXT)`);
    for (let n = 0; n < 300; n += 1) await tx.run(sql`INSERT INTO notes VALUES (${`n${n}`}, ${`note ${n}`})`);
  });
  const cut = long
    .for(owner)
    .first(endless)
    .catch((reason: unknown) => reason);
  const body = "x".repeat(1_000_000);
  const outcomes: unknown[] = [];
  void cut.then((error) => outcomes.push(error));
  for (let n = 0; outcomes.length === 0; n += 1) {
    await long.write((tx) => tx.run(sql`INSERT OR REPLACE INTO notes VALUES (${`big${n % 8}`}, ${body})`));
    expect(Bun.file(`${path}-wal`).size).toBeLessThan(1 << 30);
  }
  expect(outcomes[0]).toMatchObject({ kind: "overrun", message: expect.stringContaining("the log of the database") });
  await long.close();
}, 60_000);

test("readers end with their server, even with one that is killed", async () => {
  const five = ["a", "b", "c", "d", "e"].map((name) => `notes AS ${name}`).join();
  const script = `
    const { openSqliteStore } = await import(${JSON.stringify(join(import.meta.dir, "sqlite-store.ts"))});
    const store = openSqliteStore(${JSON.stringify(join(testDir(), "data.db"))});
    const query = (text) => ({ text, values: [] });
    await store.write((tx) => tx.run(query("CREATE TABLE notes (body TEXT)")));
    for (let n = 0; n < 500; n += 1) void store.write((tx) => tx.run(query("INSERT INTO notes VALUES ('note " + n + "')")));
    await store.write((tx) => tx.run(query("INSERT INTO notes VALUES ('last')")));
    void store.for({ key: "a" }).first(query("SELECT count(*) FROM ${five} WHERE a.body > b.body || c.body"));
    await store.for({ key: "b" }).first(query("SELECT count(*) FROM notes AS a, notes AS b"));
    console.log("reading");`;
  const server = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  await server.stdout.getReader().read();
  const children = childrenOf(server.pid);
  expect(children.length).toBeGreaterThanOrEqual(2);
  server.kill("SIGKILL");
  await server.exited;
  // A process that isn't a child can't be waited for.
  while (children.some(isRunning)) await Bun.sleep(5);
});

function childrenOf(pid: number): readonly number[] {
  const { stdout } = Bun.spawnSync(["ps", "-e", "-o", "pid=,ppid="]);
  const lines = stdout.toString().trim().split("\n");
  return lines.flatMap((line) => {
    const [child, parent] = line.trim().split(/\s+/).map(Number);
    return parent === pid ? [child!] : [];
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
