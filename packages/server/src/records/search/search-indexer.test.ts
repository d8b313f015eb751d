import { expect, test } from "bun:test";
import { sql } from "../../store/sql.ts";
import type { Store } from "../../store/store.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { SearchIndexer } from "./search-indexer.ts";

const ROWS = 1_700;
const fixture = await RecordFixture.open([
  {
    name: "notes",
    type: "base",
    listRule: "",
    fields: [{ name: "title", type: "text" }],
    search: { fields: ["title"] },
  },
]);
await fixture.store.write(async (tx) => {
  await tx.run(
    sql`INSERT INTO notes (id, title) WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
        SELECT printf('n%014d', i), 'word ' || i FROM n`,
  );
});

const open = (store: Store): SearchIndexer =>
  new SearchIndexer({
    store,
    registry: { current: fixture.context().schema } as never,
    onError: (error) => expect(error).toBeUndefined(),
  });
const position = async (): Promise<unknown> =>
  (await fixture.store.first(sql`SELECT position, built FROM _headwater_search`)) ?? undefined;

test("an index is built in steps, and goes on where it was after a restart", async () => {
  let steps = 0;
  let indexer: SearchIndexer | undefined;
  // Stops after the third write: the tables, and two steps.
  const counted: Store = {
    ...fixture.store,
    first: (statement) => fixture.store.first(statement),
    all: (statement) => fixture.store.all(statement),
    write: async (work, options) => {
      steps += 1;
      if (steps === 3) void indexer!.stop();
      return fixture.store.write(work, options);
    },
  };
  indexer = open(counted);
  await indexer.start();
  await indexer.idle();
  expect(await position()).toEqual({ position: 1_000, built: 0 });
  expect((await fixture.list("notes", { query: { search: "word" } })).status).toBe(503);

  // Written on both sides of where the first one stopped.
  const as = fixture.superuser();
  const id = (n: number): string => `n${String(n).padStart(14, "0")}`;
  await fixture.update("notes", id(500), { as, body: { title: "early" } });
  await fixture.update("notes", id(1_500), { as, body: { title: "late" } });
  await fixture.remove("notes", id(1_600), { as });
  const second = open(fixture.store);
  await second.start();
  await second.idle();
  expect(await position()).toEqual({ position: null, built: 1 });
  const total = async (search: string) => (await fixture.list("notes", { query: { search } })).body.totalItems;
  expect([await total("word"), await total("early"), await total("late"), await total("1700")]).toEqual([
    ROWS - 3,
    1,
    1,
    1,
  ]);
});
