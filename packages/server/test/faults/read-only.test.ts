import { expect, setDefaultTimeout, test } from "bun:test";
import { mountSmallDisk } from "@headwater/testing/lib/small-disk.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { createCollections, createNote, NOTES, refusal, upload } from "./documents.ts";

setDefaultTimeout(120_000);

const probe = mountSmallDisk(1);
probe?.[Symbol.dispose]();
if (!probe) process.stderr.write("Skipped: this process may not mount anything.\n");

const run = (...command: string[]): void => {
  const { exitCode, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(stderr.toString());
};

/** Makes a folder read-only for files that are opened from now on. @returns makes it writable again */
function makeReadOnly(dir: string): Disposable {
  run("mount", "--bind", dir, dir);
  run("mount", "-o", "remount,ro,bind", dir);
  return { [Symbol.dispose]: () => run("umount", "-l", dir) };
}

test.skipIf(!probe)(
  "a folder that becomes read-only stops uploads with a clear error, and nothing else; it needs no restart",
  async () => {
    await using server = await startServer();
    const { url } = server;
    await createCollections(url);
    using stream = await SseClient.connect(url);
    await stream.submit(["notes/*"]);
    const before = (await upload(url)).body;
    const ids: string[] = [];
    const write = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 1) ids.push((await createNote(url, "x".repeat(4_000))).body.id);
    };
    {
      using _ = makeReadOnly(server.dir);
      expect((await upload(url)).body).toEqual(
        refusal("The server can't write now: its folder is read-only.") as never,
      );
      // Enough for a checkpoint, which can't open the database now.
      await write(400);
      expect((await request(url, "GET", `${NOTES}?filter=title~'x'`)).status).toBe(200);
      const file = `/api/files/documents/${before.id}/${before.file}`;
      expect((await request(url, "GET", file)).text).toBe("a".repeat(100));
    }
    expect((await upload(url)).status).toBe(200);
    await write(10);
    while (stream.events.filter(({ event }) => event === "notes/*").length < ids.length) await Bun.sleep(5);
    await server.stop("SIGKILL");
    await using next = await startServer({ dir: server.dir });
    const { body } = await request<{ totalItems: number }>(next.url, "GET", NOTES);
    expect(body.totalItems).toBe(ids.length);
  },
);
