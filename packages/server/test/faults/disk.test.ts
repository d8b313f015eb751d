import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { mountSmallDisk, type SmallDisk } from "@headwater/testing/lib/small-disk.ts";
import { readRows } from "@headwater/testing/servers/read-database.ts";
import { type Reply, request } from "@headwater/testing/clients/request.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { createCollections, createNote, NOTES, refusal, upload } from "./documents.ts";

setDefaultTimeout(120_000);

const TASK_HOOKS = join(import.meta.dir, "hooks");

const probe = mountSmallDisk(1);
const canMount = probe !== undefined;
probe?.[Symbol.dispose]();
// Only root may mount a disk of its own.
if (!canMount) process.stderr.write("Skipped: this process may not mount a small disk.\n");

/** A server whose folder, and whose log, are on a small disk. */
interface SmallServer extends AsyncDisposable {
  readonly disk: SmallDisk;
  readonly server: ServerProcess;
  create(title: string): Promise<Reply<{ id: string }>>;
}

async function start(megabytes: number): Promise<SmallServer> {
  const disk = mountSmallDisk(megabytes)!;
  const dir = join(disk.path, "files", "pb_data");
  mkdirSync(dir, { recursive: true });
  const server = await startServer({ dir, args: ["--hooks", TASK_HOOKS] });
  await createCollections(server.url);
  return {
    disk,
    server,
    create: (title) => createNote(server.url, title),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      disk[Symbol.dispose]();
    },
  };
}

const FULL = refusal("The server can't write now: its disk is full.");

describe.skipIf(!canMount)("on a full disk", () => {
  let small: SmallServer;
  const acknowledged: string[] = [];
  beforeAll(async () => {
    small = await start(48);
  });
  afterAll(() => small[Symbol.asyncDispose]());

  /** Writes until the disk takes no more: what remains of a block may take a small write. */
  async function untilFull(): Promise<Reply> {
    small.disk.fill();
    for (;;) {
      const reply = await small.create("x".repeat(4_000));
      if (reply.status !== 200) return reply;
      acknowledged.push(reply.body.id);
    }
  }

  test("writes fail with a clear error, reads and streams go on, and writes go on when there is room", async () => {
    const { server, disk } = small;
    using stream = await SseClient.connect(server.url);
    await stream.submit(["notes/*"]);
    for (let i = 0; i < 20; i += 1) acknowledged.push((await small.create(`before ${i}`)).body.id);
    for (let round = 0; round < 3; round += 1) {
      const { body, headers } = await untilFull();
      expect(body).toEqual(FULL);
      expect(headers.get("retry-after")).toBe("1");
      expect((await upload(server.url, 100_000)).body).toEqual(FULL as never);
      expect((await request(server.url, "DELETE", `${NOTES}/${acknowledged[0]}`)).body).toEqual(FULL);
      const list = await request<{ totalItems: number }>(server.url, "GET", NOTES);
      expect(list.body.totalItems).toBe(acknowledged.length);
      expect((await request(server.url, "GET", `${NOTES}/${acknowledged.at(-1)}`)).status).toBe(200);
      using late = await SseClient.connect(server.url);
      expect((await late.submit(["notes/*"])).status).toBe(204);
      disk.free();
      acknowledged.push((await small.create(`after ${round}`)).body.id);
      expect((await upload(server.url, 100_000)).status).toBe(200);
    }
    while (stream.events.filter(({ event }) => event === "notes/*").length < acknowledged.length) await Bun.sleep(5);
  });

  test("a task that is started before goes on when there is room", async () => {
    const { server, disk } = small;
    const started = await request<{ id: string }>(server.url, "POST", "/api/tasks", { body: { name: "count" } });
    await untilFull();
    disk.free();
    for (;;) {
      const { body } = await request<{ state: string }>(server.url, "GET", `/api/tasks/${started.body.id}`);
      if (body.state === "completed") break;
      expect(["queued", "running"]).toContain(body.state);
      await Bun.sleep(20);
    }
  });

  test("the log says so in one line each, and nothing that was acknowledged is lost by a kill", async () => {
    const { server, disk } = small;
    await untilFull();
    disk.free();
    // The log is on the same disk: its lines wait.
    acknowledged.push((await small.create("last")).body.id);
    const lines = async (): Promise<{ msg: string; kind?: string; err?: object }[]> =>
      (await server.stdout()).split("\n").flatMap((line) => (line.endsWith("}") ? [JSON.parse(line)] : []));
    const outages = async () => (await lines()).filter(({ msg }) => msg === "the store can't work");
    while ((await outages()).length < 9) await Bun.sleep(20);
    for (const line of await outages()) expect(line).toMatchObject({ kind: "full", reason: expect.any(String) });
    expect((await lines()).filter(({ msg }) => msg === "request failed")).toEqual([]);
    await server.stop("SIGKILL");
    const ids = new Set(readRows(server.dir, "notes").map(({ id }) => id));
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    expect(await server.stderr()).not.toContain("    at ");
  });
});

test.skipIf(!canMount)(
  "a disk that fills while the WAL is written back holds up nobody, and the WAL starts over",
  async () => {
    await using small = await start(64);
    const { server, disk } = small;
    // The filler takes the room that the database file would grow into.
    const title = "x".repeat(4_900);
    let refused = 0;
    for (let i = 0; i < 4_000 && refused < 20; i += 1) {
      if (i === 1_000) disk.fill();
      if ((await small.create(title)).status !== 200) refused += 1;
    }
    expect(refused).toBe(20);
    expect((await request(server.url, "GET", NOTES)).status).toBe(200);
    disk.free();
    for (let i = 0; i < 200; i += 1) expect((await small.create(title)).status).toBe(200);
  },
);

test.skipIf(!canMount)(
  "a WAL that another program keeps from starting over grows, and nobody waits for it",
  async () => {
    await using small = await start(600);
    const { server } = small;
    const path = join(server.dir, "data.db");
    const wal = Bun.file(`${path}-wal`);
    const write = async (count: number): Promise<void> => {
      await Promise.all(
        Array.from({ length: count }, () =>
          small.create("x".repeat(4_900)).then(({ status }) => {
            expect(status).toBe(200);
          }),
        ),
      );
    };
    const reader = new Database(path, { readonly: true });
    reader.run("BEGIN");
    reader.query("SELECT count(*) FROM notes").get();
    const limit = 72 << 20;
    while ((await wal.stat()).size < limit) await write(500);
    const blocked = (await wal.stat()).size;
    expect(blocked).toBeGreaterThanOrEqual(limit);
    reader.run("COMMIT");
    reader.close();
    // It starts over: more writes than the WAL holds don't make it grow any more.
    const sizes: number[] = [];
    for (let i = 0; i < 12; i += 1) {
      await write(500);
      await Bun.sleep(300);
      sizes.push((await wal.stat()).size);
    }
    expect(sizes.at(-1)!).toBeLessThan(blocked + (48 << 20));
    expect((await request<{ totalItems: number }>(server.url, "GET", NOTES)).status).toBe(200);
  },
);
