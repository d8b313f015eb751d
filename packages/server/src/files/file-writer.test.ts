import { expect, test } from "bun:test";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import fc from "fast-check";
import { randomId } from "../lib/random.ts";
import { FileWriter } from "./file-writer.ts";

const dir = testDir();
const newPath = (): string => join(dir, randomId());

test("a file has the bytes in order, in chunks of any sizes", async () => {
  const sizes = fc.array(fc.oneof(fc.nat(100), fc.integer({ min: 16_000, max: 17_000 }), fc.nat(70_000)), {
    maxLength: 20,
  });
  await fc.assert(
    fc.asyncProperty(sizes, async (lengths) => {
      const chunks = lengths.map((length, i) => new Uint8Array(length).fill(i + 1));
      const path = newPath();
      const writer = await FileWriter.create(path);
      for (const chunk of chunks) await writer.write(chunk);
      const md5 = await writer.end();
      const whole = Buffer.concat(chunks);
      expect(Buffer.compare(Buffer.from(await Bun.file(path).bytes()), whole)).toBe(0);
      expect(md5).toBe(new Bun.CryptoHasher("md5").update(whole).digest("base64"));
      expect(writer.size).toBe(whole.length);
    }),
    { numRuns: 50 },
  );
});

test("a file that waits for its next bytes holds few in memory", async () => {
  const path = newPath();
  const writer = await FileWriter.create(path);
  for (let i = 0; i < 200; i += 1) await writer.write(new Uint8Array(1_000));
  await writer.write(new Uint8Array(50_000));
  const { size } = await stat(path);
  expect(writer.size - size).toBeLessThanOrEqual(16_384);
  await writer.abort();
});
