import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { type S3Server, startS3 } from "@headwater/testing/servers/s3-server.ts";
import { FileWriter, writeAll } from "../file-writer.ts";
import { noteSpooled } from "../spool.ts";
import type { FileStore, ListedFile } from "../file-store.ts";
import { S3Connection, type S3Options } from "./s3-connection.ts";
import { S3Error } from "./s3-error.ts";
import { S3Files } from "./s3-files.ts";

const dir = testDir();
let server: S3Server;
let files: S3Files;
beforeAll(async () => {
  server = await startS3();
  files = connect();
});
afterAll(async () => server[Symbol.asyncDispose]());

const connect = (options: Partial<S3Options> = {}, limitMs = 20_000): S3Files =>
  new S3Files(new S3Connection({ ...server.settings, ...options }, limitMs), join(dir, "notes"));

const read = async (store: FileStore, key: string, start?: number, end?: number): Promise<Buffer> => {
  const file = await store.open(key);
  if (!file) throw new Error(`no file ${key}`);
  return Buffer.from(await new Response(file.content(start, end)).arrayBuffer());
};

const keysBelow = async (prefix: string, store: FileStore = files): Promise<string[]> => {
  const found: ListedFile[] = [];
  for await (const file of store.list(prefix)) found.push(file);
  return found.map(({ key }) => key).sort();
};

test("a file is read with its attributes, whole and in ranges", async () => {
  await files.put("c/r1/a.txt", new Blob(["hello"]), {
    contentType: "text/plain; charset=utf-8",
    originalName: "Ä b.txt",
  });
  expect(await files.open("c/r1/a.txt")).toMatchObject({
    size: 5,
    contentType: "text/plain; charset=utf-8",
    originalName: "Ä b.txt",
  });
  expect((await read(files, "c/r1/a.txt")).toString()).toBe("hello");
  expect((await read(files, "c/r1/a.txt", 1, 3)).toString()).toBe("el");
  expect((await read(files, "c/r1/a.txt", 5)).toString()).toBe("");
});

test("an empty file is a file", async () => {
  await files.put("c/r1/empty", new Blob([]), { contentType: "text/plain" });
  expect((await read(files, "c/r1/empty")).byteLength).toBe(0);
});

test("opening a missing file gives undefined, and so does a key that leads elsewhere", async () => {
  for (const key of ["c/r1/none", "none/x/y", "../x", "c//x", "c/./x", "", "/c/r1/a.txt"]) {
    expect(await files.open(key)).toBeUndefined();
  }
});

test("names keep every character", async () => {
  const names = ["a b+c.txt", "per%20cent.txt", "ü’(1)*!.txt", "q?x#y&z=1.txt", "..__.txt", "tab\there.txt"];
  for (const name of names) await files.put(`c/r2/${name}`, new Blob([name]), { contentType: "text/plain" });
  for (const name of names) expect((await read(files, `c/r2/${name}`)).toString()).toBe(name);
  expect(await keysBelow("c/r2/")).toEqual(names.map((name) => `c/r2/${name}`).sort());
});

describe("a file of several parts", () => {
  const content = Buffer.alloc(20_000_003, "0123456789abcdef");

  test("arrives from a stream", async () => {
    await files.put("c/r3/stream", new Blob([content]).stream(), { contentType: "x/y", originalName: "S" });
    expect((await read(files, "c/r3/stream")).equals(content)).toBe(true);
    expect(await files.open("c/r3/stream")).toMatchObject({ contentType: "x/y", originalName: "S" });
    expect((await read(files, "c/r3/stream", 8_388_600, 8_388_620)).toString()).toBe(
      content.subarray(8_388_600, 8_388_620).toString(),
    );
  });

  test("arrives from the spool", async () => {
    const path = join(dir, "spooled");
    const md5 = await writeAll(await FileWriter.create(path), new Blob([content]));
    const file = new File([Bun.file(path)], "x");
    noteSpooled(file, { path, md5, size: content.byteLength });
    await files.put("c/r3/spooled", file, { contentType: "x/y" });
    expect((await read(files, "c/r3/spooled")).equals(content)).toBe(true);
  });

  test("is not there if its content fails", async () => {
    const failing = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        controller.enqueue(new Uint8Array(17_000_000));
      },
      pull(controller) {
        controller.error(new Error("cut"));
      },
    });
    expect(await files.put("c/r3/cut", failing, { contentType: "x/y" }).catch(String)).toContain("cut");
    expect(await files.open("c/r3/cut")).toBeUndefined();
  });
});

test("a file is copied with its attributes or with others", async () => {
  await files.put("c/r4/a", new Blob(["x"]), { contentType: "a/b", originalName: "A" });
  expect(await files.copy("c/r4/a", "c/r4/ü b")).toBe(true);
  expect(await files.open("c/r4/ü b")).toMatchObject({ contentType: "a/b", originalName: "A" });
  expect(await files.copy("c/r4/a", "c/r4/c", { contentType: "c/d", originalName: "C" })).toBe(true);
  expect(await files.open("c/r4/c")).toMatchObject({ contentType: "c/d", originalName: "C" });
  expect(await files.copy("c/r4/none", "c/r4/d")).toBe(false);
  const { etag } = (await files.open("c/r4/a"))!;
  expect(await files.copy("c/r4/a", "c/r4/e", { contentType: "c/d" }, etag)).toBe(true);
});

test("a file goes with its thumbnails, a folder with all its files", async () => {
  for (const key of ["a", "thumbs_a/100x100_a", "ab", "thumbs_ab/100x100_ab"]) {
    await files.put(`c/r5/${key}`, new Blob(["x"]), { contentType: "" });
  }
  await files.put("c/r55/a", new Blob(["x"]), { contentType: "" });
  await files.remove("c/r5/a");
  await files.remove("c/r5/a");
  expect(await keysBelow("c/r5/")).toEqual(["c/r5/ab", "c/r5/thumbs_ab/100x100_ab"]);
  await files.removeFolder("c/r5");
  await files.removeFolder("c/r5");
  expect(await keysBelow("c/r5")).toEqual(["c/r55/a"]);
});

test("a list has more pages than one", async () => {
  const small = new S3Files(files.s3, join(dir, "notes"), 3);
  const names = Array.from({ length: 10 }, (_, n) => `many/r/${n}`);
  for (const key of names) await files.put(key, new Blob([]), { contentType: "" });
  expect(await keysBelow("many/", small)).toEqual(names);
  await small.removeFolder("many");
  expect(await keysBelow("many/")).toEqual([]);
});

test("the sweep removes what was announced and no record names", async () => {
  await files.announce(["c/r6/named", "c/r6/left", "c/r6/never"]);
  for (const key of ["c/r6/named", "c/r6/left"]) await files.put(key, new Blob(["x"]), { contentType: "" });
  await files.sweep(async (key) => key === "c/r6/named");
  expect(await keysBelow("c/r6/")).toEqual(["c/r6/named"]);
  expect(await files.announced()).toEqual(new Set());
});

describe("what the store refuses is said in its words", () => {
  const failure = (store: FileStore): Promise<unknown> =>
    store.put("c/r7/a", new Blob(["x"]), { contentType: "" }).catch((error: unknown) => error);

  test.each([
    ["a wrong key", { accessKey: "wrong" }, 403, "InvalidAccessKeyId"],
    ["a missing bucket", { bucket: "none" }, 404, "NoSuchBucket"],
  ])("%s", async (_, options, status, code) => {
    expect(await failure(connect(options))).toMatchObject({ name: "S3Error", status, code });
  });

  test("a missing bucket is not a missing file", async () => {
    const list = connect({ bucket: "none" }).list("");
    expect(await list[Symbol.asyncIterator]().next().catch(String)).toContain("NoSuchBucket");
  });

  test("an address where nothing listens", async () => {
    const error = await failure(connect({ endpoint: "http://127.0.0.1:1" }));
    expect(String(error)).toContain("The S3 store at http://127.0.0.1:1/files/ can't be reached: ");
  });

  test("a store that never answers", async () => {
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const error = await failure(connect({ endpoint: `127.0.0.1:${silent.port}`.replace(/^/, "http://") }, 50));
    expect(String(error)).toContain("did not answer within 0.05 seconds (--max-s3-seconds)");
    silent.stop(true);
  });
});

test("a download goes on after the store was away in the middle", async () => {
  const content = Buffer.alloc(30_000_000, "abcdefghij");
  await files.put("c/r8/large", new Blob([content]), { contentType: "x/y" });
  const stream = (await files.open("c/r8/large"))!.content() as ReadableStream<Uint8Array<ArrayBuffer>>;
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) {
    pieces.push(piece);
    if (pieces.length > 1) continue;
    await server.stop();
    await server.start();
  }
  expect(Buffer.concat(pieces).equals(content)).toBe(true);
});

test("an upload fails when the store goes away in the middle, and leaves no file", async () => {
  const sent = Promise.withResolvers<void>();
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      controller.enqueue(new Uint8Array(9_000_000));
      await sent.promise;
    },
  });
  const putting = connect({}, 5_000)
    .put("c/r9/gone", stream, { contentType: "x/y" })
    .catch((error: unknown) => error);
  await server.stop();
  sent.resolve();
  expect(await putting).toBeInstanceOf(S3Error);
  await server.start();
  expect(await files.open("c/r9/gone")).toBeUndefined();
});
