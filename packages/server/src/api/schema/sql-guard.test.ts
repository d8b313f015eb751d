import { expect, test } from "bun:test";
import { array, assert, asyncProperty, constantFrom } from "fast-check";
import { play } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

const { url, admin, app, define } = await startTestApp();
await define({ name: "notes", fields: [{ name: "title", type: "text" }] });
const { store } = app.folder;

const run = async (query: string): Promise<number> =>
  (await play(url, { method: "POST", path: "/api/sql", token: admin, body: { query } })).status;

const one = async (text: string): Promise<unknown> => Object.values((await store.first({ text, values: [] })) ?? {})[0];
/** The seq of the newest entry that says so: older ones are erased. */
const lastNote = async (): Promise<number> =>
  Number(await one("SELECT max(seq) FROM _changes WHERE collection = '_collections' AND record = '*'"));

let made = 0;
/** A write to a collection, in a form that hides it as well as it can. */
const hidden = [
  "insert into notes (id) values ('ID')",
  "/* c */ insert into notes (id) values ('ID')",
  "with a as (select 1) insert into notes (id) select 'ID' from a returning id",
  "replace into notes (id) values ('ID')",
  "create temp table _changes (seq integer primary key); insert into notes (id) values ('ID')",
  "create temp table _headwater (key text, value text); insert into notes (id) values ('ID')",
  "create temp table _collections (name text); insert into notes (id) values ('ID')",
  "create temp table notes (id text); insert into main.notes (id) values ('ID')",
  "create temp view seen as select * from notes; create temp trigger t instead of insert on seen begin insert into notes (id) values (new.id); end; insert into seen (id) values ('ID')",
  "insert into notes (id) values ('ID'); select 1",
];

/** What would let a write pass unnoticed, or damage the log. */
const refused = [
  "delete from main._changes",
  "update main._changes set seq = seq + 1000",
  "with a as (select 1) delete from main._changes where seq in a",
  "insert into main._headwater values ('foreign', '1')",
  "delete from main.sqlite_sequence",
  "update main.sqlite_sequence set seq = 1 where name = '_headwater_own'",
  "drop trigger main.GUARD",
  "drop table main._changes",
  "alter table main._changes rename to mine",
  "alter table main._headwater add column mine",
  "create trigger main._headwater_guard_mine after insert on notes begin select 1; end",
  "create temp trigger _headwater_guard_mine after insert on notes begin delete from _changes; end",
  "create trigger main.mine after insert on notes begin delete from _changes; end",
  "create temp trigger mine after insert on notes begin update _headwater set value = ''; end",
  "create index main.mine on _changes (time)",
  "pragma writable_schema = on",
  "pragma recursive_triggers = on",
  "update main.sqlite_schema set sql = ''",
  "commit; insert into notes (id) values ('ID')",
  "attach ':memory:' as other",
  "select load_extension('x')",
];

test("whatever a script writes to a collection is noted in the log, and nothing makes the log less true", async () => {
  const guards = await one("SELECT group_concat(name) FROM sqlite_schema WHERE type = 'trigger'");
  const guard = await one("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'notes'");
  const secret = await one("SELECT group_concat(key || value) FROM _headwater");
  const script = array(
    constantFrom(...hidden.map((text) => [text, true] as const), ...refused.map((text) => [text, false] as const)),
    {
      minLength: 1,
      maxLength: 2,
    },
  );
  await assert(
    asyncProperty(script, async (parts) => {
      const before = await lastNote();
      const head = Number(await one("SELECT seq FROM sqlite_sequence WHERE name = '_changes'"));
      const records = Number(await one("SELECT count(*) FROM notes"));
      const text = parts
        .map(([part]) => part.replaceAll("ID", `by_script_${(made += 1)}`).replaceAll("GUARD", String(guard)))
        .join("; ");
      const status = await run(text);
      const added = Number(await one("SELECT count(*) FROM notes")) - records;
      // All or nothing; two parts may also get in each other's way.
      if (parts.some(([, isAllowed]) => !isAllowed)) expect([status, added]).toEqual([400, 0]);
      expect((await lastNote()) > before).toBe(added > 0);
      expect(Number(await one("SELECT seq FROM sqlite_sequence WHERE name = '_changes'"))).toBeGreaterThanOrEqual(head);
      expect(await one("SELECT group_concat(name) FROM sqlite_schema WHERE type = 'trigger'")).toBe(guards);
      expect(await one("SELECT group_concat(key || value) FROM _headwater")).toBe(secret);
    }),
    { numRuns: 60 },
  );
}, 120_000);

test.each(hidden)("%s is noted", async (text) => {
  const before = await lastNote();
  expect(await run(text.replaceAll("ID", `by_script_${(made += 1)}`))).toBe(200);
  expect(await lastNote()).toBeGreaterThan(before);
});

test("a table that takes the place of a collection's is noted and guarded", async () => {
  const before = await lastNote();
  expect(await run("alter table notes rename to former; create table notes (id text primary key, title text)")).toBe(
    200,
  );
  expect(await lastNote()).toBeGreaterThan(before);
  const noted = await lastNote();
  expect(await run("insert into notes (id) values ('guarded')")).toBe(200);
  expect(await lastNote()).toBeGreaterThan(noted);
});
