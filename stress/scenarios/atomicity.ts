import { WriterPool, type Written } from "../lib/writer-pool.ts";
import type { Values } from "../lib/rules.ts";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

/** Replaying the log must give exactly the stored records: neither may exist without the other. */
async function ensureStoredAsLogged(run: ScenarioRun, collection: string): Promise<void> {
  const replayed = new Map<string, unknown>();
  for (const { action, record, before, after } of run.changesOf(collection)) {
    ensure(
      before === null || before["title"] === replayed.get(record),
      `a change of ${record} logs a wrong previous title`,
    );
    if (action === "delete") replayed.delete(record);
    else replayed.set(record, after!["title"]);
  }
  const rows = await allStored(run, collection);
  const differing = rows.find(({ id, title }) => replayed.get(String(id)) !== title);
  ensure(differing === undefined, `${String(differing?.["id"])} differs between the database and the log`);
  ensure(
    rows.length === replayed.size,
    `the log has ${replayed.size} records of ${collection}, the database ${rows.length}`,
  );
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

function ensureWritesAreLogged(run: ScenarioRun, written: readonly Written[]): void {
  const key = (action: string, record: string, title: unknown): string => `${action} ${record} ${String(title)}`;
  const logged = new Set(
    run.readLog().map(({ action, record, after }) => key(action, record, action === "delete" ? "" : after?.["title"])),
  );
  const missing = written.find(
    ({ action, record, title }) => !logged.has(key(action, record, action === "delete" ? "" : title)),
  );
  ensure(missing === undefined, `a successful write is not in the log: ${JSON.stringify(missing)}`);
  run.compared(written.length);
}

export const atomicity = family("atomicity", [
  [
    "kill-writers",
    "After a kill -9 at any time, every write that succeeded is stored and logged, and the log matches the database.",
    async (run) => {
      await run.start();
      await run.connectListener([all("notes")]);
      for (const round of [1, 2, 3]) {
        const writers = new WriterPool(run, `round ${round}`, ["notes"]).start(16);
        await writers.answered(run.random.int(1, 150));
        await run.kill();
        await writers.stop();
        await run.start();
        ensureWritesAreLogged(run, writers.written.items);
        await ensureStoredAsLogged(run, "notes");
        await run.listeners[0]!.connect(run);
      }
      await run.settle();
    },
    ["some seeds", "short"],
  ],
  [
    "kill-cascade",
    "After a kill -9 during a cascading delete, all of its hundreds of deletions are stored, or none.",
    async (run) => {
      await run.start();
      const notes = await createMany(run, "notes", 3);
      await createMany(run, "comments", 1_200, (i) => ({ title: `comment ${i}`, note: notes[i % 3] }), 8);
      const listener = await run.connectListener([all("comments"), all("notes")]);
      for (const note of notes) {
        const writer = await run.writer();
        const removing = writer.remove("notes", note);
        await Bun.sleep(run.random.int(0, 60)); // Only the time of the kill is random here.
        await run.kill();
        await removing;
        await listener.ended();
        await run.start();
        const left = (await run.stored("comments", `&filter=note='${note}'`)).length;
        const exists = (await run.stored("notes", `&filter=id='${note}'`)).length === 1;
        ensure(
          left === (exists ? 400 : 0),
          `${left} of 400 comments are left, and the note is ${exists ? "stored" : "deleted"}`,
        );
        await ensureStoredAsLogged(run, "comments");
        await listener.connect(run);
      }
      await run.settle();
    },
    ["some seeds"],
  ],
  [
    "rejected",
    "A rejected write leaves no record, no log entry and no event.",
    async (run) => {
      await run.start();
      const [note] = await createMany(run, "notes", 1);
      await run.connectListener([all("notes"), all("comments")]);
      using writer = await run.writer();
      const before = run.readLog().length;
      const rejected: readonly (readonly [method: string, path: string, body: unknown])[] = [
        ["POST", "notes/records", { id: note, title: "the id is taken" }],
        ["POST", "comments/records", { note: "nobodyisthere00" }],
        ["PATCH", `notes/records/${note}`, { size: "no number", id: "another00000000" }],
        ["PATCH", "notes/records/nobodyisthere00", { title: "nobody" }],
        ["DELETE", "notes/records/nobodyisthere00", undefined],
        ["POST", "nothing/records", { title: "no such collection" }],
      ];
      for (const [method, path, body] of rejected) {
        const reply = await writer.call(method, path, body);
        ensure(reply!.status >= 400, `${method} ${path} returned ${reply!.status}`);
      }
      ensure(run.readLog().length === before, "a rejected write is in the log");
      await run.settle();
    },
    ["short"],
  ],
  [
    "seen-is-durable",
    "An event that any client received is in the log, even after a kill -9 right at its arrival.",
    async (run) => {
      await run.start();
      for (let i = 0; i < 3; i += 1) await run.connectListener([all("notes")]);
      for (let kills = 0; kills < 4; kills += 1) {
        const writers = new WriterPool(run, `round ${kills}`, ["notes"]).start(8);
        const { inbox } = run.listeners[0]!.connection;
        const count = run.random.int(1, 40);
        await inbox.until(({ length }) => length >= count);
        await run.kill();
        await writers.stop();
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
    "A seq is never reused, even if the newest log entries are deleted.",
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
      ensure(listener.seq > head + 20, "seqs were reused");
    },
  ],
]);
