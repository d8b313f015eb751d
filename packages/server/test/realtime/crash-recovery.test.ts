import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { parseCursor } from "@headwater/protocol";
import { integer, sample } from "fast-check";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { type LoggedChange, readChanges, readRows } from "@headwater/testing/servers/read-database.ts";
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

test(`killed ${ROUNDS} times under load (HEADWATER_SEED=${SEED}): what was answered is stored and logged, and what was seen is in the log`, async () => {
  using folder = tempDir();
  const dir = join(folder.path, "pb_data");
  await prepare(dir);
  const delays = sample(integer({ min: 0, max: 400 }), { seed: SEED, numRuns: ROUNDS });
  const answered: Write[] = [];
  const epochs = new Set<string>();
  let logged = 0;
  for (const delay of delays) {
    const { writes, streams } = await runUntilKilled(dir, delay, answered.length);
    answered.push(...writes);

    // Opening the folder again recovers it; only then is it read.
    await using server = await startServer({ dir });
    expect(await server.stop()).toBe(0);
    const log = readChanges(dir, "notes");
    expectStored(dir, log);
    expectLogged(log, answered);
    // Who subscribed before the first write of the round has seen its changes from the first one on.
    for (const stream of streams) for (const epoch of expectSeenInLog(log.slice(logged), stream)) epochs.add(epoch);
    logged = log.length;
  }
  expect(answered.length).toBeGreaterThanOrEqual(ROUNDS * WRITERS);
  expect(epochs.size).toBe(1);
});

async function prepare(dir: string): Promise<void> {
  await using server = await startServer({ dir });
  await (await SuperuserClient.signIn(server.url)).createCollection(PUBLIC_NOTES);
  await server.stop();
}

/** A write that was answered with success; titles are never used twice. */
interface Write {
  readonly action: LoggedChange["action"];
  readonly record: string;
  readonly title: string;
}

/** @param delay from the first answers to the kill, in milliseconds */
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
    Array.from({ length: WRITERS }, (_, writer) => writeUntilGone(server.url, `w${writer} after ${offset}`, writes)),
  );
  await Promise.race([writers, writes.until(({ length }) => length >= WRITERS)]);
  await Bun.sleep(delay);
  await server.stop("SIGKILL");
  await Promise.all([writers, ...streams.map(({ ended }) => ended)]);
  return { writes: writes.items, streams };
}

/** Creates, changes and sometimes deletes one note after the other, and keeps what was answered. */
async function writeUntilGone(url: string, name: string, writes: Inbox<Write>): Promise<void> {
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

/** The log, played from its start, gives exactly the rows that are there: neither is there without the other. */
function expectStored(dir: string, log: readonly LoggedChange[]): void {
  const played = new Map<string, unknown>();
  for (const { action, record, before, after } of log) {
    expect(before).toEqual(action === "create" ? null : expect.objectContaining({ title: played.get(record) }));
    if (action === "delete") played.delete(record);
    else played.set(record, after!["title"]);
  }
  const rows = readRows(dir, "notes").map(({ id, title }) => [id, title]);
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(played));
}

/** Each answered write has its change; writes that were not answered may have one or not. */
function expectLogged(log: readonly LoggedChange[], answered: readonly Write[]): void {
  const key = ({ action, record, title }: Write): string => `${action} ${record} ${title}`;
  const logged = new Set(
    log.map(({ action, record, before, after }) => key({ action, record, title: String((after ?? before)!["title"]) })),
  );
  expect(answered.map(key).filter((write) => !logged.has(write))).toEqual([]);
}

/** The stream is the log's beginning without a gap. Gives the epochs of its cursors. */
function expectSeenInLog(log: readonly LoggedChange[], stream: SseClient): Set<string> {
  const cursors = stream.events.map(({ id }) => parseCursor(id ?? "")!);
  const expected = log.slice(0, cursors.length).map(({ seq, action, record }) => ({ seq, action, record }));
  const seen = stream.events.map(({ data }, index) => {
    const { action, record } = JSON.parse(data);
    return { seq: cursors[index]!.seq, action, record: record.id };
  });
  expect(seen).toEqual(expected);
  return new Set(cursors.map(({ epoch }) => epoch));
}
