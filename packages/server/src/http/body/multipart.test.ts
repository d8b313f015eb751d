import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { BodyMemory, type HeldBody } from "./body-memory.ts";
import { type MultipartForm, readMultipartForm } from "./multipart.ts";

const memory = new BodyMemory(
  { total: 0, perClient: 0 },
  () => undefined,
  () => {},
);
const TYPE = "multipart/form-data; boundary=x";

/** Reads a body that arrives in chunks of some bytes. */
function read(text: string | Uint8Array, size = 1_000, held: HeldBody = memory.open("")): Promise<MultipartForm> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
  }
  return readMultipartForm(chunks(), TYPE, held);
}

const part = (disposition: string, content: string): string =>
  `--x\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;

const folders = async (): Promise<string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith("headwater-upload-"));

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

describe("a large file", () => {
  const large = "y".repeat(1_000_000);
  const text = `${part('name="doc"; filename="a.txt"', large)}${part('name="b"', "1")}--x--\r\n`;

  test("goes to the disk while it arrives, and is removed afterwards", async () => {
    const held = memory.open("");
    const { texts, files } = await read(text, 65_536, held);
    const file = files[0]![1];
    expect([file.name, file.size, await file.text()]).toEqual(["a.txt", large.length, large]);
    expect(texts).toEqual([["b", "1"]]);
    expect(held.bytes).toBeLessThan(100_000);
    const made = await folders();
    expect(made.length).toBeGreaterThan(0);
    await held.release();
    expect(made.some((name) => existsSync(`${tmpdir()}/${name}`))).toBe(false);
  });

  test("leaves nothing when the client leaves", async () => {
    const held = memory.open("");
    const before = await folders();
    const error: unknown = await read(text.slice(0, 500_000), 65_536, held).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    await held.release();
    expect(await folders()).toEqual(before);
  });
});
