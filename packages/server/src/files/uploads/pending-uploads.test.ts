import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { ChecksumMismatch, type PendingUpload, uncheckedPath } from "./pending-upload.ts";
import { bucketKeyOf, PendingUploads } from "./pending-uploads.ts";

const HOUR = 3_600_000;
const root = testDir();
let folders = 0;
const newFolder = (): string => join(root, String((folders += 1)));
const removed: string[] = [];

const open = (folder: string, limits = { total: 0, perAccount: 0, keepMs: HOUR }): Promise<PendingUploads> =>
  PendingUploads.open({ folder, limits, removeObject: async (key) => void removed.push(key) });

const INFO = { collection: "c", field: "f", owner: "o", quotaKeys: ["o"], name: "n", metadata: "" };

async function begin(uploads: PendingUploads, size = 10, target: "disk" | "bucket" = "disk"): Promise<PendingUpload> {
  const upload = await uploads.create({ ...INFO, size, target });
  if (typeof upload === "string") throw new Error(upload);
  return upload;
}

async function* bytesOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}
const noStop = (): void => {};

test("uploads survive a restart, at the offset that is on the disk", async () => {
  const folder = newFolder();
  const upload = await begin(await open(folder));
  await upload.append(bytesOf("01", "23"), noStop);
  const again = (await open(folder)).find(upload.info.id, new Date());
  expect(again?.info).toEqual(upload.info);
  expect([again?.offset, again?.isComplete]).toEqual([4, false]);
});

test("bytes that were not checked when the process ended are forgotten", async () => {
  const folder = newFolder();
  const upload = await begin(await open(folder));
  await upload.append(bytesOf("01"), noStop);
  await Bun.write(uncheckedPath(upload.path), "2");
  await upload.append(bytesOf("23"), noStop);
  expect((await open(folder)).find(upload.info.id, new Date())?.offset).toBe(2);
});

test("an upload that gets no bytes expires, and its bytes are removed", async () => {
  const folder = newFolder();
  const uploads = await open(folder);
  const [upload, object] = [await begin(uploads), await begin(uploads, 10, "bucket")];
  const later = new Date(upload.lastUse + HOUR + 10_000);
  expect(uploads.find(upload.info.id, later)).toBeUndefined();
  expect(uploads.find(upload.info.id, new Date(upload.lastUse + HOUR - 10_000))).toBe(upload);
  upload.claim();
  await uploads.sweep(later, (error) => expect.unreachable(String(error)));
  expect(uploads.find(upload.info.id, later)).toBe(upload);
  upload.release();
  await uploads.sweep(later, (error) => expect.unreachable(String(error)));
  expect(await readdir(folder)).toEqual([]);
  expect(removed).toEqual([bucketKeyOf(object.info.id)]);
  expect(uploads.bytes).toBe(0);
});

test("what an interrupted start of an upload left is removed", async () => {
  const folder = newFolder();
  const { id } = (await begin(await open(folder))).info;
  await Bun.write(join(folder, "x"), "bytes without a note");
  await Bun.write(join(folder, "y.json"), '{"id": "y"');
  await open(folder);
  expect((await readdir(folder)).toSorted()).toEqual([id, `${id}.json`]);
});

test("limits count what was announced, also after a restart, and small uploads as 64 KiB", async () => {
  const folder = newFolder();
  const limits = { total: 400_000, perAccount: 200_000, keepMs: 0 };
  const uploads = await open(folder, limits);
  await begin(uploads, 100_000);
  await begin(uploads, 1);
  expect(await uploads.create({ ...INFO, size: 1, target: "disk" })).toBe("key");
  expect(await (await open(folder, limits)).create({ ...INFO, size: 1, target: "disk" })).toBe("key");
  expect(await uploads.create({ ...INFO, size: 300_000, target: "disk", quotaKeys: [] })).toBe("total");
});

test("the bytes on the disk are those that were sent, whatever was cut, restarted or wrong", async () => {
  const step = fc.record({
    text: fc.string({ minLength: 1, maxLength: 20, unit: "binary-ascii" }),
    how: fc.constantFrom("whole", "cut", "checked", "mismatch", "restart"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const folder = newFolder();
      let uploads = await open(folder);
      let upload = await begin(uploads, 1_000);
      let expected = "";
      for (const { text, how } of steps) {
        const checksum = { algorithm: "sha1", value: new Bun.CryptoHasher("sha1").update(text).digest("base64") };
        if (how === "whole") await upload.append(bytesOf(text), noStop);
        if (how === "checked") await upload.append(bytesOf(text), noStop, checksum);
        if (how === "cut") expect(await upload.append(cut(text), noStop).catch(String)).toContain("cut");
        if (how === "mismatch") {
          expect(
            await upload.append(bytesOf(text, "x"), noStop, checksum).catch((error: unknown) => error),
          ).toBeInstanceOf(ChecksumMismatch);
        }
        if (how !== "mismatch" && how !== "restart") expected += text;
        if (how === "restart") [uploads, upload] = await restarted(folder, upload);
        expect(upload.offset).toBe(expected.length);
        expect(await Bun.file(upload.path).text()).toBe(expected);
      }
    }),
    { numRuns: 30 },
  );
});

async function* cut(text: string): AsyncGenerator<Uint8Array> {
  yield* bytesOf(text);
  throw new Error("cut");
}

async function restarted(folder: string, upload: PendingUpload): Promise<[PendingUploads, PendingUpload]> {
  const uploads = await open(folder);
  return [uploads, uploads.find(upload.info.id, new Date())!];
}
