import { afterAll, expect, test } from "bun:test";
import { exists, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalFiles } from "./local-files.ts";
import { localPath } from "./local-path.ts";
import { noteSpooled, Spool } from "./spool.ts";

const root = await mkdtemp(join(tmpdir(), "headwater-files-"));
const files = new LocalFiles(root);
afterAll(() => rm(root, { recursive: true }));

test("a file is read with its attributes", async () => {
  await files.put("c/r1/a.txt", new Blob(["hello"]), { contentType: "text/plain", originalName: "A.txt" });
  const found = await files.open("c/r1/a.txt");
  expect(await new Response(found?.content()).text()).toBe("hello");
  expect(await new Response(found?.content(1, 3)).text()).toBe("el");
  expect(found).toMatchObject({ size: 5, contentType: "text/plain", originalName: "A.txt" });
});

test("the side-car is exactly PocketBase's", async () => {
  await files.put("c/r2/a.txt", new Blob(["hello"]), { contentType: "text/plain", originalName: "A.txt" });
  expect(await Bun.file(join(root, "c/r2/a.txt.attrs")).text()).toBe(
    '{"user.cache_control":"","user.content_disposition":"","user.content_encoding":"","user.content_language":"",' +
      '"user.content_type":"text/plain","user.metadata":{"original-filename":"A.txt"},"md5":"XUFAKrxLKna5cZ2REBfFkg=="}\n',
  );
});

test("a file without a side-car is of unknown type", async () => {
  await Bun.write(join(root, "c/r3/a.txt"), "x");
  expect(await files.open("c/r3/a.txt")).toMatchObject({ contentType: "application/octet-stream" });
});

test("opening a missing file gives undefined", async () => {
  await mkdir(join(root, "c/r4"), { recursive: true });
  for (const key of ["c/r4", "c/r4/none", "c/r1/a.txt/below", "c/r1/a.txt.attrs"]) {
    expect(await files.open(key)).toBeUndefined();
  }
});

test("removing a file removes its side-car and thumbnails, and may be repeated", async () => {
  await files.put("c/r5/a.png", new Blob(["x"]), { contentType: "image/png" });
  await files.put("c/r5/b.png", new Blob(["x"]), { contentType: "image/png" });
  await files.put("c/r5/thumbs_a.png/100x100_a.png", new Blob(["x"]), { contentType: "image/png" });
  await files.remove("c/r5/a.png");
  await files.remove("c/r5/a.png");
  expect((await readdir(join(root, "c/r5"))).sort()).toEqual(["b.png", "b.png.attrs"]);
});

test("removing the last file of a folder removes the folder", async () => {
  await files.put("c/r7/a", new Blob(["x"]), { contentType: "" });
  await files.remove("c/r7/a");
  expect(await exists(join(root, "c/r7"))).toBe(false);
});

const keep = async (key: string): Promise<void> => files.put(key, new Blob(["x"]), { contentType: "" });

test("no file is lost when files are added and removed concurrently in one folder", async () => {
  const names = Array.from({ length: 20 }, (_, n) => `c/r8/${n}`);
  await Promise.all(
    names.map(async (key) => (await keep(`${key}.old`), Promise.all([files.remove(`${key}.old`), keep(key)]))),
  );
  expect(await Promise.all(names.map(async (key) => (await files.open(key))?.size))).toEqual(names.map(() => 1));
});

const streamed = (chunks: readonly string[], failure?: Error): ReadableStream<Uint8Array<ArrayBuffer>> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(Buffer.from(chunk));
      if (failure) controller.error(failure);
      else controller.close();
    },
  });

test("a stream becomes a file with its MD5, and one that fails leaves the old file and nothing else", async () => {
  await files.put("c/r9/a", streamed(["he", "", "llo"]), { contentType: "text/plain" });
  const sidecar = join(root, "c/r9/a.attrs");
  expect(await Bun.file(sidecar).json()).toMatchObject({ md5: "XUFAKrxLKna5cZ2REBfFkg==" });
  const broken = files.put("c/r9/a", streamed(["x"], new Error("cut")), { contentType: "image/png" });
  expect(broken).rejects.toThrow("cut");
  await broken.catch(() => {});
  expect(await new Response((await files.open("c/r9/a"))?.content()).text()).toBe("hello");
  expect((await readdir(join(root, "c/r9"))).sort()).toEqual(["a", "a.attrs"]);
});

test("a file of the spool gets its place without a copy, and the spool keeps its own", async () => {
  const spool = new Spool(join(root, "spool"));
  const path = await spool.newPath();
  await Bun.write(path, "hello");
  const file = new File([Bun.file(path)], "a");
  noteSpooled(file, { path, md5: "XUFAKrxLKna5cZ2REBfFkg==", size: 5 });
  await files.put("c/r14/a", file, { contentType: "" });
  await files.put("c/r14/b", file, { contentType: "" });
  const { ino } = await stat(path);
  expect((await stat(join(root, "c/r14/a"))).ino).toBe(ino);
  expect((await stat(join(root, "c/r14/b"))).ino).toBe(ino);
  await spool.clear();
  expect(await new Response((await files.open("c/r14/a"))?.content()).text()).toBe("hello");
  expect(await Bun.file(join(root, "c/r14/a.attrs")).json()).toMatchObject({ md5: "XUFAKrxLKna5cZ2REBfFkg==" });
});

test("the etag changes with the content", async () => {
  const etagOf = async (): Promise<string | undefined> => (await files.open("c/r13/a"))?.etag;
  await files.put("c/r13/a", new Blob(["one"]), { contentType: "" });
  const first = await etagOf();
  expect(await etagOf()).toBe(first);
  await files.put("c/r13/a", new Blob(["two"]), { contentType: "" });
  expect(await etagOf()).not.toBe(first);
});

test("a copy has the content and the attributes", async () => {
  await files.put("c/r10/a", new Blob(["hello"]), { contentType: "text/plain", originalName: "A" });
  expect(await files.copy("c/r10/a", "c/r11/b")).toBe(true);
  expect(await files.copy("c/r10/none", "c/r11/c")).toBe(false);
  const { etag } = (await files.open("c/r10/a"))!;
  expect(await files.copy("c/r10/a", "c/r11/c", { contentType: "c/d" }, "other")).toBe(false);
  expect(await files.copy("c/r10/a", "c/r11/c", { contentType: "c/d" }, etag)).toBe(true);
  expect(await files.open("c/r11/c")).toMatchObject({ contentType: "c/d", size: 5 });
  const copy = await files.open("c/r11/b");
  expect(copy).toMatchObject({ contentType: "text/plain", originalName: "A", size: 5 });
  expect(await new Response(copy?.content()).text()).toBe("hello");
});

test("a list has all files below a prefix, and no side-cars", async () => {
  for (const key of ["p/r1/a", "p/r1/thumbs_a/1x1_a", "p/r1/ab", "p/r12/a", "p/r2/a/../x"]) {
    await files.put(key, new Blob(["xy"]), { contentType: "" });
  }
  const keysOf = async (prefix: string): Promise<string[]> =>
    (await Array.fromAsync(files.list(prefix), ({ key }) => key)).sort();
  expect(await keysOf("p/")).toEqual(["p/r1/a", "p/r1/ab", "p/r1/thumbs_a/1x1_a", "p/r12/a", "p/r2/a/../x"]);
  expect(await keysOf("p/r1/")).toEqual(["p/r1/a", "p/r1/ab", "p/r1/thumbs_a/1x1_a"]);
  expect(await keysOf("p/r1")).toEqual(["p/r1/a", "p/r1/ab", "p/r1/thumbs_a/1x1_a", "p/r12/a"]);
  expect(await keysOf("p/r1/a")).toEqual(["p/r1/a", "p/r1/ab"]);
  for (const none of ["nope/", "p/r1/a/b", "../", "p/r1/a.attrs"]) expect(await keysOf(none)).toEqual([]);
  expect(await keysOf("")).toContain("p/r1/a");
  expect(await Array.fromAsync(files.list("p/r12/"))).toMatchObject([{ size: 2, modified: expect.any(Date) }]);
});

test("removing a folder leaves its neighbours", async () => {
  await files.put("c/r6/a", new Blob(["x"]), { contentType: "" });
  await files.put("c/r66/a", new Blob(["x"]), { contentType: "" });
  await files.removeFolder("c/r6");
  expect(await exists(join(root, "c/r6"))).toBe(false);
  expect(await files.open("c/r66/a")).toBeDefined();
});

test.each(["../x", "c/../../x", "..", "", ".", "c/..", "c/r/a.attrs"])("the key %p is invalid", async (key) => {
  expect(localPath("/storage", key)).not.toBe("/x");
  expect(await files.open(key)).toBeUndefined();
});

test("unsafe slashes are escaped as in PocketBase", () => {
  expect(localPath("/storage", "c/../../x")).toBe("/storage/c/..__0x2f__..__0x2f__x");
  expect(localPath("/storage", "c//x")).toBe("/storage/c/__0x2f__x");
  expect(localPath("/storage", "c/a\nb")).toBe("/storage/c/a__0xa__b");
});
