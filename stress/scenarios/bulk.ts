import { CURSOR_CHANNELS } from "../lib/listener.ts";
import { ensure, family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

/** In one transaction the server can make as many changes as a deletion takes along. */
const sizeOf = ({ isShort }: ScenarioRun): number => (isShort ? 4_000 : 100_000);
const PATIENCE_MS = 90_000;

/** A note that so many comments go with, which are put there behind the server's back: only their deletion is of interest. */
async function noteWithComments(run: ScenarioRun, count: number): Promise<string> {
  await run.start();
  const [note] = await createMany(run, "notes", 1);
  await run.stop();
  run.alterData(`
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
    INSERT INTO comments (id, title, body, size, open, data, note)
    SELECT printf('c%014d', n), 'comment ' || n, '', n, 0, 'null', '${note}' FROM numbers`);
  await run.start();
  return note!;
}

async function remove(run: ScenarioRun, note: string): Promise<boolean | undefined> {
  using writer = await run.writer();
  return await writer.remove("notes", note);
}

export const bulk = family("bulk", [
  [
    "one-transaction",
    "100,000 changes of one transaction reach everyone, once and in order, whether they read, stall, filter or come back.",
    async (run) => {
      const count = sizeOf(run);
      const note = await noteWithComments(run, count);
      const topics = [all("comments"), all("notes")];
      const late = await run.addListener(topics);
      const [reading, stalled] = [await run.connectListener(topics), await run.connectListener(topics)];
      stalled.connection.pause();
      ensure((await remove(run, note)) === true, "the deletion was not answered");
      const last = run.readLog().at(-1)!.seq;
      ensure(run.changesOf("comments").length === count, "not all of them went");
      await reading.reconnectUntil(run, last, PATIENCE_MS);
      stalled.connection.resume();
      await late.connect(run, "query");
      await Promise.all([stalled, late].map((listener) => listener.reconnectUntil(run, last, PATIENCE_MS)));
    },
    ["short"],
  ],
  [
    "many-writers",
    "Thousands of changes of many writers reach everyone, and who joins in the middle gets the rest.",
    async (run) => {
      await run.start();
      await Promise.all(CURSOR_CHANNELS.map(() => run.connectListener([all("notes")])));
      const writing = createMany(run, "notes", run.isShort ? 2_000 : 6_000, undefined, 48);
      const { inbox, ended } = run.listeners[0]!.connection;
      await Promise.race([ended, inbox.until(({ length }) => length >= 500)]);
      await Promise.all(
        CURSOR_CHANNELS.map(async (way) => {
          const late = await run.addListener([all("notes")]);
          await late.connect(run, way);
        }),
      );
      await writing;
      await run.catchUp();
    },
  ],
  [
    "kill",
    "A kill -9 in the middle of a bulk loses all of it or nothing, and what came of it is brought to its end.",
    async (run) => {
      const count = run.isShort ? 2_000 : 20_000;
      const note = await noteWithComments(run, count);
      await run.connectListener([all("comments"), all("notes")]);
      await run.connectListener([all("comments")]);
      const removing = remove(run, note);
      const first = run.listeners[0]!;
      // Either while it is committed, or while it is told.
      const { inbox, ended } = first.connection;
      if (run.random.chance(50)) await Promise.race([ended, inbox.until(({ length }) => length > 500, PATIENCE_MS)]);
      else await Bun.sleep(run.random.int(0, 400));
      await run.kill();
      await removing;
      await Promise.all(run.listeners.map((listener) => listener.ended()));
      await run.start();
      const logged = run.changesOf("comments").length;
      ensure(logged === 0 || logged === count, `${logged} of ${count} deletions are in the log`);
      await Promise.all(run.listeners.map((listener) => listener.connect(run)));
      if (logged === 0) await remove(run, note);
      const last = run.readLog().at(-1)!.seq;
      await first.reconnectUntil(run, last, PATIENCE_MS);
      await run.catchUp();
    },
    ["some seeds"],
  ],
]);
