import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { seqOfCursor } from "@headwater/testing/servers/cursors.ts";
import { integer, sample } from "fast-check";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import {
  KEPT_LOG,
  keepLog,
  type LoggedChange,
  readChanges,
  readRows,
} from "@headwater/testing/servers/read-database.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";

setDefaultTimeout(120_000);

const ROUNDS = Number(process.env["HEADWATER_CRASH_ROUNDS"] ?? 6);
const SEED = Number(process.env["HEADWATER_SEED"] ?? Date.now() % 1e9);
const WRITERS = 40;
const SUBSCRIBERS = 5;

test(`killed ${ROUNDS} times under load (HEADWATER_SEED=${SEED}): acknowledged writes are stored and logged, and delivered events are in the log`, async () => {
  using folder = tempDir();
  const dir = join(folder.path, "pb_data");
  await prepare(dir);
  const delays = sample(integer({ min: 0, max: 400 }), { seed: SEED, numRuns: ROUNDS });
  const acknowledged: Write[] = [];
  let logged = 0;
  for (const delay of delays) {
    const { writes, streams } = await runUntilKilled(dir, delay, acknowledged.length);
    acknowledged.push(...writes);

    // Opening the folder recovers the database; read it only afterwards.
    await using server = await startServer({ dir });
    expect(await server.stop()).toBe(0);
    const log = readChanges(dir, "notes", KEPT_LOG);
    expectStored(dir, log);
    expectLogged(log, acknowledged);
    // The streams subscribed before the round's first write, so they start with its first change.
    for (const stream of streams) expectSeenInLog(log.slice(logged), stream);
    logged = log.length;
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(ROUNDS * WRITERS);
});

async function prepare(dir: string): Promise<void> {
  await using server = await startServer({ dir });
  await (await SuperuserClient.signIn(server.url)).createCollection(PUBLIC_NOTES);
  await server.stop();
  keepLog(dir);
}

/** An acknowledged write. Titles are unique. */
interface Write {
  readonly action: LoggedChange["action"];
  readonly record: string;
  readonly title: string;
}

/** @param delay from the first responses to the kill, in milliseconds */
async function runUntilKilled(
  dir: string,
  delay: number,
  offset: number,
): Promise<{ writes: readonly Write[]; streams: readonly SseClient[] }> {
  await using server = await startServer({ dir });
  const streams = await Promise.all(Array.from({ length: SUBSCRIBERS }, () => SseClient.connect(server.url)));
  await Promise.all(streams.map((stream) => stream.subscribe(["notes/*"])));
  const writes = new Inbox<Write>();
  const writers = Promise.all(
    Array.from({ length: WRITERS }, (_, writer) => writeUntilKilled(server.url, `w${writer} after ${offset}`, writes)),
  );
  await Promise.race([writers, writes.until(({ length }) => length >= WRITERS)]);
  await Bun.sleep(delay);
  await server.stop("SIGKILL");
  await Promise.all([writers, ...streams.map(({ ended }) => ended)]);
  return { writes: writes.items, streams };
}

/** Creates, updates and sometimes deletes notes, and records the acknowledged writes. */
async function writeUntilKilled(url: string, name: string, writes: Inbox<Write>): Promise<void> {
  using connection = await RawConnection.open(url);
  const records = "/api/collections/notes/records";
  const call = async (action: Write["action"], id: string | undefined, title: string): Promise<string | undefined> => {
    const [method, path] = { create: ["POST", ""], update: ["PATCH", `/${id}`], delete: ["DELETE", `/${id}`] }[action];
    connection.send(method!, records + path!, action === "delete" ? undefined : { title });
    const response = await connection.response();
    if (response === undefined) return undefined;
    if (response.status >= 300) throw new Error(`${action}: ${response.body}`);
    const record: string = id ?? JSON.parse(response.body).id;
    writes.push({ action, record, title });
    return record;
  };
  for (let turn = 0; ; turn += 1) {
    const title = `${name}, turn ${turn}`;
    const id = await call("create", undefined, title);
    if (id === undefined) return;
    if ((await call("update", id, `${title}, changed`)) === undefined) return;
    if (turn % 3 === 0 && (await call("delete", id, `${title}, changed`)) === undefined) return;
  }
}

/** Replaying the log from its start gives exactly the stored rows. */
function expectStored(dir: string, log: readonly LoggedChange[]): void {
  const replayed = new Map<string, unknown>();
  for (const { action, record, before, after } of log) {
    expect(before).toEqual(action === "create" ? null : expect.objectContaining({ title: replayed.get(record) }));
    if (action === "delete") replayed.delete(record);
    else replayed.set(record, after!["title"]);
  }
  const rows = readRows(dir, "notes").map(({ id, title }) => [id, title]);
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(replayed));
}

/** Each acknowledged write is logged; other writes may or may not be. */
function expectLogged(log: readonly LoggedChange[], acknowledged: readonly Write[]): void {
  const key = ({ action, record, title }: Write): string => `${action} ${record} ${title}`;
  const logged = new Set(
    log.map(({ action, record, before, after }) => key({ action, record, title: String((after ?? before)!["title"]) })),
  );
  expect(acknowledged.map(key).filter((write) => !logged.has(write))).toEqual([]);
}

/** The stream's events are a prefix of the log, without gaps. */
function expectSeenInLog(log: readonly LoggedChange[], stream: SseClient): void {
  const seqs = stream.events.map(({ id }) => seqOfCursor(id));
  const expected = log.slice(0, seqs.length).map(({ seq, action, record }) => ({ seq, action, record }));
  const seen = stream.events.map(({ data }, index) => {
    const { action, record } = JSON.parse(data);
    return { seq: seqs[index], action, record: record.id };
  });
  expect(seen).toEqual(expected as typeof seen);
}
