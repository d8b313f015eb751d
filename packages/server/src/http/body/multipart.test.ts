import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { Spool, spooledOf } from "../../files/spool.ts";
import { BodyFiles, type BodyFilesLimits } from "./body-files.ts";
import { BodyMemory, type HeldBody } from "./body-memory.ts";
import { FileLimitError, type FormTarget, type MultipartForm, readMultipartForm } from "./multipart.ts";

const memory = new BodyMemory(
  { total: 0, perClient: 0 },
  () => undefined,
  () => {},
);
const TYPE = "multipart/form-data; boundary=x";
const dir = testDir();
const spool = new Spool(dir);
const place = (limits: Partial<BodyFilesLimits> = {}): BodyFiles =>
  new BodyFiles(spool, { total: 0, perClient: 0, ...limits }, () => {});
const open = (): HeldBody => memory.open("");

/** Reads a body that arrives in chunks of some bytes. */
function read(text: string | Uint8Array, size = 1_000, target: Partial<FormTarget> = {}): Promise<MultipartForm> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
  }
  const defaults = { held: open(), files: place(), maxFileBytes: () => Infinity, expectedBytes: 0 };
  return readMultipartForm(chunks(), TYPE, { ...defaults, ...target });
}

const part = (disposition: string, content: string): string =>
  `--x\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;

const spooled = (): Promise<string[]> => readdir(dir);

describe("a form", () => {
  test.each([1, 7, 64, 100_000])("is the same in chunks of %d bytes", async (size) => {
    const text = [
      part('name="a"', "1"),
      part('name="ž"', "ž\r\n--y"),
      part('name="empty"; filename=""', ""),
      part('name="doc"; filename="dir/č.txt"', "hi"),
      "--x--\r\nepilogue",
    ].join("");
    const { texts, files } = await read(text, size);
    expect(texts).toEqual([
      ["a", "1"],
      ["ž", "ž\r\n--y"],
      ["empty", ""],
    ]);
    expect(files.map(([name, file]) => [name, file.name, file.size])).toEqual([["doc", "dir/č.txt", 2]]);
    expect(await files[0]![1].text()).toBe("hi");
  });

  test.each([1, 1_000])("that ends before its last bytes has no parts after the end, in chunks of %d", async (size) => {
    for (const start of ["preamble\r\n", "", part('name="a"', "1")]) {
      const { texts, files } = await read(`${start}--x--\r\n*\r\n--x--\r\n`, size);
      expect([texts.length, files.length]).toEqual([start.includes("name") ? 1 : 0, 0]);
    }
  });

  test.each(["", "x", "--x\r\n", part('name="a"', "1"), part('name="a"; filename="b"', "x").slice(0, -3)])(
    "%p is malformed",
    async (text) => {
      expect(await read(text).catch((error: unknown) => error)).toBeInstanceOf(Error);
    },
  );
});

test("a form of many parts lets others have their turns", async () => {
  const text = `${part('name="a"; filename="b"', "1").repeat(999)}--x--\r\n`;
  let turns = 0;
  let isRead = false;
  const count = (): void => {
    turns += 1;
    if (!isRead) setImmediate(count);
  };
  setImmediate(count);
  const { files } = await read(text, text.length);
  isRead = true;
  expect([files.length, turns > 1]).toEqual([999, true]);
});

describe("a large file", () => {
  const large = "y".repeat(1_000_000);
  const text = `${part('name="doc"; filename="a.txt"', large)}${part('name="b"', "1")}--x--\r\n`;

  test("goes to the disk while it arrives, and is removed afterwards", async () => {
    const held = open();
    const files = place();
    const form = await read(text, 65_536, { held, files });
    const file = form.files[0]![1];
    expect([file.name, file.size, await file.text()]).toEqual(["a.txt", large.length, large]);
    expect(form.texts).toEqual([["b", "1"]]);
    expect(held.bytes).toBeLessThan(100_000);
    expect(files.bytes).toBe(large.length);
    const md5 = new Bun.CryptoHasher("md5").update(large).digest("base64");
    expect(spooledOf(file)).toMatchObject({ md5, size: large.length });
    expect((await spooled()).length).toBe(1);
    await held.release();
    expect(await spooled()).toEqual([]);
    expect(files.bytes).toBe(0);
  });

  test("holds a piece in memory, however much passes through", async () => {
    const held = open();
    let most = 0;
    const piece = Buffer.alloc(65_536, "y");
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(part('name="doc"; filename="a.txt"', "").slice(0, -2));
      for (let i = 0; i < 1_000; i += 1) {
        yield piece;
        most = Math.max(most, held.bytes);
      }
      yield Buffer.from("\r\n--x--\r\n");
    }
    const target = { held, files: place(), maxFileBytes: () => Infinity, expectedBytes: 0 };
    const { files } = await readMultipartForm(chunks(), TYPE, target);
    expect(files[0]![1].size).toBe(65_536_000);
    // What waits to be written, and what was in memory before the file went to the disk.
    expect(most).toBeLessThan(1 << 20);
    await held.release();
  });

  test("leaves nothing when the client leaves", async () => {
    const held = open();
    const error: unknown = await read(text.slice(0, 500_000), 65_536, { held }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    await held.release();
    expect(await spooled()).toEqual([]);
  });

  test.each<[Partial<BodyFilesLimits>, number, string]>([
    [{ total: 1_500_000 }, 503, "limit_spool_bytes"],
    [{ perClient: 1_500_000 }, 429, "limit_spool_bytes_client"],
  ])("beyond %p is refused, and what others have stays", async (limits, status, code) => {
    const files = new BodyFiles(spool, { total: 0, perClient: 0, ...limits }, () => {});
    const grouped = new BodyMemory(
      { total: 0, perClient: 0 },
      (address) => address,
      () => {},
    );
    const [first, second] = [grouped.open("a"), grouped.open("a")];
    const { files: kept } = await read(text, 65_536, { held: first, files });
    const error: unknown = await read(text, 65_536, { held: second, files }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ status, data: { body: { code } } });
    await second.release();
    expect(await kept[0]![1].text()).toBe(large);
    await first.release();
    expect([files.bytes, await spooled()]).toEqual([0, []]);
  });
});

describe("a file beyond its field's limit", () => {
  const maxFileBytes = (name: string): number => (name === "doc" ? 200_000 : Infinity);
  const form = (name: string): string => `${part(`name="${name}"; filename="d/a.txt"`, "y".repeat(900_000))}--x--\r\n`;

  test("ends a large body before it has arrived, and leaves nothing", async () => {
    const held = open();
    let written = 0;
    const files = place();
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < 900_000; at += 65_536) {
        written += 1;
        yield Buffer.from(form("doc").slice(at, at + 65_536));
      }
    }
    const target = { held, files, maxFileBytes, expectedBytes: 40 << 20 };
    const error: unknown = await readMultipartForm(chunks(), TYPE, target).catch((reason: unknown) => reason);
    expect(error).toEqual(new FileLimitError("doc", "d/a.txt", 200_000));
    expect(written).toBeLessThan(6);
    await held.release();
    expect([files.bytes, await spooled()]).toEqual([0, []]);
  });

  test("is read to its end in a small body, for an answer that names every error", async () => {
    const held = open();
    const { files } = await read(form("doc"), 65_536, { held, maxFileBytes });
    expect(files[0]![1].size).toBe(900_000);
    await held.release();
  });

  test("is read where no field has a limit", async () => {
    const held = open();
    const { files } = await read(form("other"), 65_536, { held, maxFileBytes, expectedBytes: 40 << 20 });
    expect(files[0]![1].size).toBe(900_000);
    await held.release();
  });
});
