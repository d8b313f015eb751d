import type { Random } from "@headwater/testing/lib/seeded-random.ts";
import { FolderServer } from "../../lib/edges/folder-server.ts";
import { Mirror } from "../../lib/edges/mirror.ts";
import { SyncMirror } from "../../lib/edges/sync-mirror.ts";
import { ensure } from "../../lib/ensure.ts";
import { family } from "../../lib/scenario.ts";
import type { ScenarioRun } from "../../lib/scenario-run.ts";

const NOTES = "/api/collections/notes/records";
let titles = 0;

/** Creates, changes and deletes a few notes. */
async function write({ admin }: FolderServer, random: Random, ids: string[]): Promise<void> {
  for (let i = random.int(1, 12); i > 0; i -= 1) {
    const id = ids.length === 0 || random.chance(50) ? undefined : random.pick(ids);
    const title = `write ${(titles += 1)}`;
    if (id === undefined) ids.push((await admin.create("notes", { title })).id);
    // It may be in no copy, or deleted in this one.
    else if (random.chance(70)) await admin.request("PATCH", `${NOTES}/${id}`, { body: { title } });
    else await admin.request("DELETE", `${NOTES}/${id}`);
  }
}

/** What another program does to the folder: it knows no log. */
function writeElsewhere(server: FolderServer, random: Random): void {
  const title = `elsewhere ${(titles += 1)}`;
  const id = `elsewhere${String(titles).padStart(6, "0")}`;
  if (random.chance(60)) server.sql("INSERT INTO notes (id, title) VALUES (?, ?)", id, title);
  else if (random.chance(50)) server.sql("UPDATE notes SET title = ? WHERE id = (SELECT max(id) FROM notes)", title);
  else server.sql("DELETE FROM notes WHERE id = (SELECT min(id) FROM notes)");
}

type Event = "write" | "restart" | "kill" | "copy" | "restore" | "elsewhere";

async function play(server: FolderServer, event: Event, random: Random, ids: string[]): Promise<void> {
  if (event === "write") return write(server, random, ids);
  await server.stop(event === "kill" ? "SIGKILL" : "SIGTERM");
  if (event === "copy") server.copy();
  if (event === "restore") server.restore(random.int(0, 99));
  if (event === "elsewhere") writeElsewhere(server, random);
  await server.start();
}

const HISTORY: readonly Event[] = ["write", "write", "write", "restart", "kill", "copy", "restore", "elsewhere"];

async function playHistory(run: ScenarioRun, events: readonly Event[]): Promise<void> {
  const { random, seedFolder } = run;
  await using server = await FolderServer.start(seedFolder);
  const mirrors = [0, 1, 2].map((i) => new Mirror(`mirror ${i}`));
  const syncs = [0, 1].map((i) => new SyncMirror(`group ${i}`, `group-${i}`, seedFolder.users[i]!.token));
  const ids: string[] = [];
  await write(server, random, ids);
  for (const mirror of mirrors) await mirror.load(server.url);
  for (const sync of syncs) await sync.visit(server.url);
  for (const event of events) {
    await play(server, event === "restore" && !server.hasCopies ? "copy" : event, random, ids);
    for (const mirror of mirrors) if (random.chance(40)) await mirror.visit(server);
    for (const sync of syncs) if (random.chance(40)) await sync.visit(server.url);
  }
  for (const mirror of mirrors) await mirror.visit(server);
  for (const sync of syncs) await sync.visit(server.url);
  run.compared(
    mirrors.reduce((sum, { events: count }) => sum + count, 0) + syncs.reduce((sum, { pulls }) => sum + pulls, 0),
  );
}

export const lineage = family("edges", [
  [
    "restored-folder",
    "A client with a cursor from after a copy gets a resync once that copy is restored and has grown past the cursor.",
    async (run) => {
      await using server = await FolderServer.start(run.seedFolder);
      const mirror = new Mirror("the client");
      const add = async (count: number): Promise<void> => {
        for (let i = 0; i < count; i += 1) await server.admin.create("notes", { title: `note ${(titles += 1)}` });
      };
      await add(13);
      await server.stop();
      server.copy();
      await server.start();
      await add(10);
      await mirror.load(server.url);
      await server.stop();
      server.restore(0);
      await server.start();
      await add(15);
      await mirror.visit(server);
      ensure(mirror.resyncs > 0, "there was no resync");
      run.compared(38);
    },
    ["short"],
  ],
  [
    "histories",
    "Whatever the order of writes, crashes, copies, restores and another program's writes, no client silently misses anything.",
    (run) =>
      playHistory(
        run,
        Array.from({ length: run.isShort ? 8 : 20 }, () => run.random.pick(HISTORY)),
      ),
    ["all seeds", "short"],
  ],
  [
    "two-servers",
    "A client that moves between two servers started from one folder misses nothing of either.",
    async (run) => {
      const { random, seedFolder } = run;
      await using first = await FolderServer.start(seedFolder);
      const ids: string[] = [];
      await write(first, random, ids);
      await first.stop();
      await using second = await FolderServer.start(seedFolder, [], first);
      await first.start();
      const mirrors = [0, 1, 2].map((i) => new Mirror(`mirror ${i}`));
      const syncs = [0, 1].map((i) => new SyncMirror(`group ${i}`, `group-${i}`, seedFolder.users[i]!.token));
      for (const mirror of mirrors) await mirror.load(first.url);
      for (let turn = 0; turn < 6; turn += 1) {
        const server = random.pick([first, second]);
        await write(server, random, ids);
        for (const mirror of mirrors) if (random.chance(60)) await mirror.visit(random.pick([first, second]));
        for (const sync of syncs) if (random.chance(60)) await sync.visit(random.pick([first, second]).url);
      }
      run.compared(mirrors.reduce((sum, { events }) => sum + events, 0));
    },
    ["some seeds"],
  ],
]);
