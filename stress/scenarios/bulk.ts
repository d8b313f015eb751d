import { CURSOR_CHANNELS } from "../lib/listener.ts";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

/** Changes in one transaction: a cascading delete makes as many as there are dependent records. */
const sizeOf = ({ isShort }: ScenarioRun): number => (isShort ? 4_000 : 100_000);
const TIMEOUT_MS = 90_000;

/** Creates a note with this many comments, inserted directly into the database: only their deletion is under test. */
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
    "100,000 changes in one transaction reach every client once and in order, whether it reads, stalls or reconnects.",
    async (run) => {
      const count = sizeOf(run);
      const note = await noteWithComments(run, count);
      const topics = [all("comments"), all("notes")];
      const late = await run.addListener(topics);
      const [reading, stalled] = [await run.connectListener(topics), await run.connectListener(topics)];
      stalled.connection.pause();
      ensure((await remove(run, note)) === true, "the delete did not succeed");
      const last = run.readLog().at(-1)!.seq;
      ensure(run.changesOf("comments").length === count, "not all comments were deleted");
      await reading.reconnectUntil(run, last, TIMEOUT_MS);
      stalled.connection.resume();
      await late.connect(run, "query");
      await Promise.all([stalled, late].map((listener) => listener.reconnectUntil(run, last, TIMEOUT_MS)));
    },
    ["short"],
  ],
  [
    "many-writers",
    "Thousands of changes from many writers reach every client, and a client that joins midway gets the rest.",
    async (run) => {
      await run.start();
      await Promise.all(CURSOR_CHANNELS.map(() => run.connectListener([all("notes")])));
      const writing = createMany(run, "notes", run.isShort ? 2_000 : 6_000, undefined, 48);
      const { inbox, ended } = run.listeners[0]!.connection;
      await Promise.race([ended, inbox.until(({ length }) => length >= 500)]);
      await Promise.all(
        CURSOR_CHANNELS.map(async (channel) => {
          const late = await run.addListener([all("notes")]);
          await late.connect(run, channel);
        }),
      );
      await writing;
      await run.catchUp();
    },
  ],
  [
    "kill",
    "A kill -9 during a bulk delete loses all of it or nothing, and what was committed is delivered in full.",
    async (run) => {
      const count = run.isShort ? 2_000 : 20_000;
      const note = await noteWithComments(run, count);
      await run.connectListener([all("comments"), all("notes")]);
      await run.connectListener([all("comments")]);
      const removing = remove(run, note);
      const first = run.listeners[0]!;
      // Kill either during the commit or during delivery.
      const { inbox, ended } = first.connection;
      if (run.random.chance(50)) await Promise.race([ended, inbox.until(({ length }) => length > 500, TIMEOUT_MS)]);
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
      await first.reconnectUntil(run, last, TIMEOUT_MS);
      await run.catchUp();
    },
    ["some seeds"],
  ],
]);
