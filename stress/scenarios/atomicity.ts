import { WriterPool, type Written } from "../lib/writer-pool.ts";
import type { Values } from "../lib/rules.ts";
import { ensure, family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

/** The log, played from its start, must give exactly the rows that are there: neither is ever there without the other. */
async function ensureStoredAsLogged(run: ScenarioRun, collection: string): Promise<void> {
  const played = new Map<string, unknown>();
  for (const { action, record, before, after } of run.changesOf(collection)) {
    ensure(
      before === null || before["title"] === played.get(record),
      `a change of ${record} starts from another title`,
    );
    if (action === "delete") played.delete(record);
    else played.set(record, after!["title"]);
  }
  const rows = await allStored(run, collection);
  const differing = rows.find(({ id, title }) => played.get(String(id)) !== title);
  ensure(differing === undefined, `${String(differing?.["id"])} is stored otherwise than it is logged`);
  ensure(rows.length === played.size, `${played.size} records of ${collection} are logged and ${rows.length} stored`);
  run.compared(rows.length);
}

async function allStored(run: ScenarioRun, collection: string): Promise<Values[]> {
  const rows: Values[] = [];
  for (let page = 1; ; page += 1) {
    const items = await run.stored(collection, `&page=${page}&sort=id`);
    rows.push(...items);
    if (items.length < 1000) return rows;
  }
}

function ensureAnsweredIsLogged(run: ScenarioRun, written: readonly Written[]): void {
  const key = (action: string, record: string, title: unknown): string => `${action} ${record} ${String(title)}`;
  const logged = new Set(
    run.readLog().map(({ action, record, after }) => key(action, record, action === "delete" ? "" : after?.["title"])),
  );
  const missing = written.find(
    ({ action, record, title }) => !logged.has(key(action, record, action === "delete" ? "" : title)),
  );
  ensure(missing === undefined, `a write was answered and is not in the log: ${JSON.stringify(missing)}`);
  run.compared(written.length);
}

export const atomicity = family("atomicity", [
  [
    "kill-writers",
    "After a kill -9 at any time what was answered is stored and logged, and what is stored is what is logged.",
    async (run) => {
      await run.start();
      await run.connectListener([all("notes")]);
      for (const round of [1, 2, 3]) {
        const crowd = new WriterPool(run, `round ${round}`, ["notes"]).start(16);
        await crowd.answered(run.random.int(1, 150));
        await run.kill();
        await crowd.stop();
        await run.start();
        ensureAnsweredIsLogged(run, crowd.written.items);
        await ensureStoredAsLogged(run, "notes");
        await run.listeners[0]!.connect(run);
      }
      await run.settle();
    },
    ["some seeds", "short"],
  ],
  [
    "kill-cascade",
    "A deletion that takes a thousand records along is there whole after a kill -9, or not at all.",
    async (run) => {
      await run.start();
      const notes = await createMany(run, "notes", 3);
      await createMany(run, "comments", 1_200, (i) => ({ title: `comment ${i}`, note: notes[i % 3] }), 8);
      const listener = await run.connectListener([all("comments"), all("notes")]);
      for (const note of notes) {
        const writer = await run.writer();
        const removing = writer.remove("notes", note);
        await Bun.sleep(run.random.int(0, 60)); // The moment of the kill is what chance decides here.
        await run.kill();
        await removing;
        await listener.ended();
        await run.start();
        const left = (await run.stored("comments", `&filter=note='${note}'`)).length;
        const isThere = (await run.stored("notes", `&filter=id='${note}'`)).length === 1;
        ensure(left === (isThere ? 400 : 0), `${left} of 400 are left, and the note is ${isThere ? "there" : "gone"}`);
        await ensureStoredAsLogged(run, "comments");
        await listener.connect(run);
      }
      await run.settle();
    },
    ["some seeds"],
  ],
  [
    "refused",
    "A write that is refused leaves no row, no change and no event.",
    async (run) => {
      await run.start();
      const [note] = await createMany(run, "notes", 1);
      await run.connectListener([all("notes"), all("comments")]);
      using writer = await run.writer();
      const before = run.readLog().length;
      const refused: readonly (readonly [method: string, path: string, body: unknown])[] = [
        ["POST", "notes/records", { id: note, title: "the id is taken" }],
        ["POST", "comments/records", { note: "nobodyisthere00" }],
        ["PATCH", `notes/records/${note}`, { size: "no number", id: "another00000000" }],
        ["PATCH", "notes/records/nobodyisthere00", { title: "nobody" }],
        ["DELETE", "notes/records/nobodyisthere00", undefined],
        ["POST", "nothing/records", { title: "no such collection" }],
      ];
      for (const [method, path, body] of refused) {
        const answer = await writer.call(method, path, body);
        ensure(answer!.status >= 400, `${method} ${path} was answered ${answer!.status}`);
      }
      ensure(run.readLog().length === before, "a refused write is in the log");
      await run.settle();
    },
    ["short"],
  ],
  [
    "seen-is-kept",
    "What any client saw is in the log after a kill -9 in the moment in which it was seen.",
    async (run) => {
      await run.start();
      for (let i = 0; i < 3; i += 1) await run.connectListener([all("notes")]);
      for (let kills = 0; kills < 4; kills += 1) {
        const crowd = new WriterPool(run, `round ${kills}`, ["notes"]).start(8);
        const { inbox } = run.listeners[0]!.connection;
        const some = run.random.int(1, 40);
        await inbox.until(({ length }) => length >= some);
        await run.kill();
        await crowd.stop();
        await Promise.all(run.listeners.map((listener) => listener.ended()));
        await run.start();
        await Promise.all(run.listeners.map((listener) => listener.connect(run)));
      }
      await run.settle();
    },
    ["some seeds"],
  ],
  [
    "seq",
    "A place in the log is never used twice, not even when its newest changes are deleted from the log.",
    async (run) => {
      await run.start();
      await createMany(run, "notes", 20);
      const head = run.readLog().at(-1)!.seq;
      await run.kill();
      run.alterData("DELETE FROM _changes");
      await run.start();
      const listener = await run.connectListener([all("notes")]);
      await createMany(run, "notes", 20);
      await run.settle();
      ensure(listener.seq > head + 20, "seqs were given again");
    },
  ],
]);
