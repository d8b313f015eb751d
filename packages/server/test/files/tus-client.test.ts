import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { startS3 } from "@headwater/testing/servers/s3-server.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { type HttpRequest, Upload, type UploadOptions } from "tus-js-client";

const SIZE = 40_000_000;
const content = randomBytes(SIZE);
const dir = join(testDir(), "pb_data");
let server: ServerProcess;
let admin: SuperuserClient;

beforeAll(async () => {
  server = await startServer({ dir });
  admin = await SuperuserClient.signIn(server.url);
  await admin.createCollection({
    name: "docs",
    viewRule: "",
    createRule: "",
    fields: [{ type: "file", name: "file", maxSize: SIZE, resumable: true }],
  });
});
afterAll(() => server.stop("SIGKILL"));

interface Transfer {
  /** The name by which a record gets the file. */
  readonly done: Promise<string>;
  /** The offsets at which the client went on. */
  readonly offsets: number[];
}

/** Sends the content with the standard client, which goes on by itself when it is cut. */
function transfer(options: UploadOptions = {}): Transfer {
  const offsets: number[] = [];
  const { promise: done, resolve, reject } = Promise.withResolvers<string>();
  const upload = new Upload(content, {
    endpoint: `${server.url}/api/collections/docs/uploads`,
    metadata: { filename: "large.bin", field: "file" },
    retryDelays: Array.from({ length: 200 }, () => 50),
    onBeforeRequest: (request: HttpRequest) => {
      const offset = request.getHeader("Upload-Offset");
      if (offset !== undefined) offsets.push(Number(offset));
    },
    onSuccess: () => resolve(`upload:${upload.url!.split("/").at(-1)!}`),
    onError: reject,
    ...options,
  });
  upload.start();
  return { done, offsets };
}

async function check(name: string): Promise<void> {
  const record = await admin.create("docs", { file: name });
  const response = await fetch(`${server.url}/api/files/docs/${record.id}/${String(record["file"])}`);
  expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
}

/** Waits until that many bytes of the only upload are on the disk. */
async function untilOnDisk(bytes: number): Promise<void> {
  const folder = join(dir, ".headwater.pending");
  for (;;) {
    const names = (await readdir(folder).catch((): string[] => [])).filter((name) => !name.includes("."));
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
    if (sizes.some((size) => size >= bytes && size < SIZE)) return;
    await Bun.sleep(1);
  }
}

test("the standard client sends a file in one piece", async () => {
  const { done, offsets } = transfer();
  await check(await done);
  expect(offsets).toEqual([0]);
});

test("the standard client sends a file in chunks", async () => {
  const { done, offsets } = transfer({ chunkSize: 16_000_000, uploadDataDuringCreation: true });
  await check(await done);
  expect(offsets).toEqual([16_000_000, 32_000_000]);
});

test("the standard client goes on where it was after the server is killed", async () => {
  const { done, offsets } = transfer({ chunkSize: 4_000_000 });
  await untilOnDisk(9_000_000);
  await server.stop("SIGKILL");
  server = await startServer({ dir, port: server.port });
  await check(await done);
  expect(offsets.filter((offset) => offset === 0)).toHaveLength(1);
  expect(offsets.length).toBeGreaterThan(SIZE / 4_000_000);
});

test("a file that arrived in pieces goes to S3", async () => {
  await using s3 = await startS3();
  await admin.request("PATCH", "/api/settings", { body: { s3: s3.settings } });
  await check(await transfer({ chunkSize: 16_000_000 }).done);
  await admin.request("PATCH", "/api/settings", { body: { s3: { enabled: false } } });
});
