import { CURSOR_CHANNELS } from "../lib/listener.ts";
import { ensure, family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

/** In one transaction the server can make as many changes as a deletion takes along. */
const sizeOf = ({ isShort }: ScenarioRun): number => (isShort ? 4_000 : 100_000);
const PATIENCE_MS = 90_000;

/** A note that so many comments go with, which are put there behind the server's back: only their deletion is of interest. */
async function noteWithComments(stage: ScenarioRun, count: number): Promise<string> {
  await stage.start();
  const [note] = await createMany(stage, "notes", 1);
  await stage.stop();
  stage.alterData(`
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
    INSERT INTO comments (id, title, body, size, open, data, note)
    SELECT printf('c%014d', n), 'comment ' || n, '', n, 0, 'null', '${note}' FROM numbers`);
  await stage.start();
  return note!;
}

async function remove(stage: ScenarioRun, note: string): Promise<boolean | undefined> {
  using writer = await stage.writer();
  return await writer.remove("notes", note);
}

export const bulk = family("bulk", [
  [
    "one-transaction",
    "100,000 changes of one transaction reach everyone, once and in order, whether they read, stall, filter or come back.",
    async (stage) => {
      const count = sizeOf(stage);
      const note = await noteWithComments(stage, count);
      const topics = [all("comments"), all("notes")];
      const late = await stage.newcomer(topics);
      const [reading, stalled] = [await stage.listen(topics), await stage.listen(topics)];
      stalled.connection.pause();
      ensure((await remove(stage, note)) === true, "the deletion was not answered");
      const last = stage.readLog().at(-1)!.seq;
      ensure(stage.changesOf("comments").length === count, "not all of them went");
      await reading.reconnectUntil(stage, last, PATIENCE_MS);
      stalled.connection.resume();
      await late.connect(stage, "query");
      await Promise.all([stalled, late].map((listener) => listener.reconnectUntil(stage, last, PATIENCE_MS)));
    },
    ["short"],
  ],
  [
    "many-writers",
    "Thousands of changes of many writers reach everyone, and who joins in the middle gets the rest.",
    async (stage) => {
      await stage.start();
      await Promise.all(CURSOR_CHANNELS.map(() => stage.listen([all("notes")])));
      const writing = createMany(stage, "notes", stage.isShort ? 2_000 : 6_000, undefined, 48);
      const { inbox, ended } = stage.listeners[0]!.connection;
      await Promise.race([ended, inbox.until(({ length }) => length >= 500)]);
      await Promise.all(
        CURSOR_CHANNELS.map(async (way) => {
          const late = await stage.newcomer([all("notes")]);
          await late.connect(stage, way);
        }),
      );
      await writing;
      await stage.bring();
    },
  ],
  [
    "kill",
    "A kill -9 in the middle of a bulk loses all of it or nothing, and what came of it is brought to its end.",
    async (stage) => {
      const count = stage.isShort ? 2_000 : 20_000;
      const note = await noteWithComments(stage, count);
      await stage.listen([all("comments"), all("notes")]);
      await stage.listen([all("comments")]);
      const removing = remove(stage, note);
      const first = stage.listeners[0]!;
      // Either while it is committed, or while it is told.
      const { inbox, ended } = first.connection;
      if (stage.random.chance(50)) await Promise.race([ended, inbox.until(({ length }) => length > 500, PATIENCE_MS)]);
      else await Bun.sleep(stage.random.int(0, 400));
      await stage.kill();
      await removing;
      await Promise.all(stage.listeners.map((listener) => listener.ended()));
      await stage.start();
      const logged = stage.changesOf("comments").length;
      ensure(logged === 0 || logged === count, `${logged} of ${count} deletions are in the log`);
      await Promise.all(stage.listeners.map((listener) => listener.connect(stage)));
      if (logged === 0) await remove(stage, note);
      const last = stage.readLog().at(-1)!.seq;
      await first.reconnectUntil(stage, last, PATIENCE_MS);
      await stage.bring();
    },
    ["some seeds"],
  ],
]);
