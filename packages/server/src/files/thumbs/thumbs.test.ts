import { afterAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import fc from "fast-check";
import sharp, { type Sharp } from "sharp";
import { LocalFiles } from "../local-files.ts";
import { Spool } from "../spool.ts";
import type { ThumbJob, ThumbReply } from "./thumb-messages.ts";
import { ThumbPool, type ThumbPoolOptions } from "./thumb-pool.ts";
import { Thumbs } from "./thumbs.ts";

const dir = testDir();
const files = new LocalFiles(join(dir, "storage"));
const spool = new Spool(join(dir, "spool"));

/** Sees what is made, and how many at once. */
class ObservedPool extends ThumbPool {
  readonly jobs: string[] = [];
  mostBusy = 0;
  constructor(options: Partial<ThumbPoolOptions> = {}) {
    super({ processes: 2, limitMs: 60_000, ...options });
    afterAll(() => this.close());
  }
  override async make(job: ThumbJob, owner: string): Promise<ThumbReply> {
    this.jobs.push(job.size);
    const making = super.make(job, owner);
    this.mostBusy = Math.max(this.mostBusy, this.busy);
    const reply = await making;
    this.mostBusy = Math.max(this.mostBusy, this.busy);
    return reply;
  }
}

function open(pool = new ObservedPool(), maxPixels = 0) {
  const refused: string[] = [];
  const failed: string[] = [];
  const thumbs = new Thumbs({
    files,
    spool,
    pool,
    maxPixels,
    refused: (limit) => refused.push(limit),
    failed: (key) => failed.push(key),
  });
  return { pool, thumbs, refused, failed };
}
const shared = open();

let count = 0;
async function store(content: Uint8Array<ArrayBuffer>, contentType: string): Promise<string> {
  const key = `c/r/${(count += 1)}.${contentType.slice("image/".length)}`;
  await files.put(key, new Blob([content]), { contentType });
  return key;
}
const pixels = (image: Sharp): Promise<Buffer> => image.ensureAlpha().raw().toBuffer();
const bytes = async (image: Sharp): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await image.toBuffer());

/** The upper half is red, the lower one blue. */
function picture(width: number, height: number): Sharp {
  const lower = Buffer.from(
    `<svg width="${width}" height="${height / 2}"><rect width="100%" height="100%" fill="blue"/></svg>`,
  );
  return sharp({ create: { width, height, channels: 3, background: "red" } }).composite([
    { input: lower, top: height / 2, left: 0 },
  ]);
}
async function animated(): Promise<Sharp> {
  const frames = await Promise.all(
    ["red", "blue"].map((background) =>
      sharp({ create: { width: 30, height: 20, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  return sharp(frames, { join: { animated: true } });
}

async function thumbOf(key: string, size: string, { thumbs } = shared) {
  const thumb = await thumbs.open(key, (await files.open(key))!, size, "");
  if (!thumb) return undefined;
  const image = sharp(await new Response(thumb.content()).arrayBuffer(), { pages: -1 });
  const { format, width, pageHeight, height, pages = 1 } = await image.metadata();
  return { contentType: thumb.contentType, format, size: `${width}x${pageHeight ?? height}`, pages, image };
}

test.each<[string, string, () => Promise<Sharp>, string, string]>([
  ["a JPEG", "image/jpeg", async () => picture(40, 20).jpeg(), "image/jpeg", "20x10"],
  ["a PNG", "image/png", async () => picture(40, 20).png(), "image/png", "20x10"],
  ["a WebP", "image/webp", async () => picture(40, 20).webp(), "image/png", "20x10"],
  ["a GIF", "image/gif", async () => picture(40, 20).gif(), "image/gif", "20x10"],
  ["the first frame of a GIF that moves", "image/gif", async () => (await animated()).gif(), "image/gif", "15x10"],
  [
    "a JPEG on its side",
    "image/jpeg",
    async () => picture(40, 20).jpeg().withMetadata({ orientation: 6 }),
    "image/jpeg",
    "5x10",
  ],
  [
    "a PNG, whose orientation PocketBase ignores",
    "image/png",
    async () => picture(40, 20).png().withMetadata({ orientation: 6 }),
    "image/png",
    "20x10",
  ],
])("%s becomes a thumbnail", async (_name, type, source, contentType, size) => {
  const key = await store(await bytes(await source()), type);
  expect(await thumbOf(key, "20x10f")).toMatchObject({
    contentType,
    format: contentType.slice(6) as never,
    size,
    pages: 1,
  });
});

test("a thumbnail is stored where PocketBase stores it, made once, and removed with its picture", async () => {
  const key = await store(await bytes(picture(40, 20).png()), "image/png");
  const before = shared.pool.jobs.length;
  const sizes = await Promise.all(Array.from({ length: 20 }, () => thumbOf(key, "10x10")));
  expect(sizes.map((thumb) => thumb?.size)).toEqual(sizes.map(() => "10x10"));
  await thumbOf(key, "10x10");
  expect(shared.pool.jobs.length - before).toBe(1);
  const name = key.slice("c/r/".length);
  const path = join(dir, `storage/c/r/thumbs_${name}/10x10_${name}`);
  expect(await Bun.file(`${path}.attrs`).json()).toMatchObject({
    "user.content_type": "image/png",
    "user.metadata": null,
  });
  await files.remove(key);
  expect(existsSync(path)).toBe(false);
});

test("the anchor chooses the part, also of a JPEG that is turned", async () => {
  const upright = await store(await bytes(picture(200, 400).png()), "image/png");
  const turned = await store(await bytes(picture(200, 400).jpeg().withMetadata({ orientation: 3 })), "image/jpeg");
  const colour = async (key: string, size: string): Promise<string> => {
    const [red = 0, , blue = 0] = await pixels((await thumbOf(key, size))!.image);
    return red > blue ? "red" : "blue";
  };
  expect(await colour(upright, "20x10t")).toBe("red");
  expect(await colour(upright, "20x10b")).toBe("blue");
  expect(await colour(turned, "20x10t")).toBe("blue");
  expect(await colour(turned, "20x10b")).toBe("red");
});

const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
test.each<[string, string, () => Promise<Uint8Array>]>([
  ["an SVG under a wrong type", "image/png", async () => SVG],
  ["a WebP that moves", "image/webp", async () => bytes((await animated()).webp())],
  ["half a JPEG", "image/jpeg", async () => (await bytes(picture(400, 400).jpeg())).subarray(0, 700)],
  [
    "half a PNG",
    "image/png",
    async () => (await bytes(picture(400, 400).png({ compressionLevel: 0 }))).subarray(0, 9_000),
  ],
  ["no picture", "image/gif", async () => Buffer.from("GIF89a")],
])("%s has no thumbnail, and nobody tries twice", async (_name, type, source) => {
  const key = await store(new Uint8Array(await source()), type);
  const before = shared.pool.jobs.length;
  expect(await thumbOf(key, "10x10")).toBeUndefined();
  expect(await thumbOf(key, "10x10")).toBeUndefined();
  expect(shared.pool.jobs.length - before).toBe(1);
  expect(shared.failed.at(-1)).toBe(`c/r/thumbs_${key.slice(4)}/10x10_${key.slice(4)}`);
  expect(readdirSync(join(dir, "spool"))).toEqual([]);
});

test.each(["image/svg+xml", "image/avif", "image/tiff", "image/bmp", "text/plain; charset=utf-8"])(
  "nobody looks at a file of the type %s",
  async (type) => {
    const before = shared.pool.jobs.length;
    expect(await thumbOf(await store(SVG, type), "10x10")).toBeUndefined();
    expect(shared.pool.jobs.length).toBe(before);
  },
);

/** Says that it has 3.6 billion pixels. */
function bomb(): Uint8Array<ArrayBuffer> {
  const png = new Uint8Array(Buffer.from("89504e470d0a1a0a0000000d494844520000ea600000ea60010000000000000000", "hex"));
  new DataView(png.buffer).setUint32(29, Bun.hash.crc32(png.subarray(12, 29)));
  return new Uint8Array([...png, ...Buffer.from("0000000049444154", "hex"), ...Buffer.from("35af061e", "hex")]);
}

test("a picture with too many pixels, and a thumbnail with too many, are refused before they are decoded", async () => {
  const limited = open(new ObservedPool(), 1_000_000);
  expect(await thumbOf(await store(bomb(), "image/png"), "10x10", limited)).toBeUndefined();
  expect(
    await thumbOf(await store(await bytes(picture(4, 4).png()), "image/png"), "2000x2000", limited),
  ).toBeUndefined();
  expect(limited.refused).toEqual(["limit_thumb_pixels", "limit_thumb_pixels"]);
  expect(await thumbOf(await store(await bytes(picture(4, 4).png()), "image/png"), "1000x1000", limited)).toBeDefined();
});

test("whatever bytes are damaged, there is a thumbnail of the right size or none", async () => {
  const sources = await Promise.all(
    [picture(60, 40).jpeg(), picture(60, 40).png(), picture(60, 40).gif(), picture(60, 40).webp()].map(bytes),
  );
  const types = ["image/jpeg", "image/png", "image/gif", "image/webp"];
  // A damaged header may name a size that takes a minute.
  const limited = open(undefined, 1_000_000);
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fc.nat(3), damage, async (which, changes) => {
      const content = sources[which]!.slice();
      for (const [at, byte] of changes) content[at % content.length] = byte;
      const thumb = await thumbOf(await store(content, types[which]!), "7x5", limited);
      expect(["7x5", undefined]).toContain(thumb?.size);
    }),
    { numRuns: 60 },
  );
  expect(await thumbOf(await store(sources[0]!, "image/jpeg"), "7x5")).toBeDefined();
});

test("no more are made at once than allowed, and all are made", async () => {
  const limited = open(new ObservedPool({ processes: 2 }));
  const key = await store(await bytes(picture(40, 20).png()), "image/png");
  const sizes = Array.from({ length: 8 }, (_, n) => `${n + 1}x5`);
  const made = await Promise.all(sizes.map((size) => thumbOf(key, size, limited)));
  expect(made.map((thumb) => thumb?.size)).toEqual(sizes);
  expect(limited.pool.mostBusy).toBe(2);
  expect(limited.pool.busy).toBe(0);
});

test("one that takes too long, or waits too long, is given up, and tried again later", async () => {
  const hurried = open(new ObservedPool({ processes: 1, limitMs: 20 }));
  const key = await store(await bytes(picture(40, 20).png()), "image/png");
  const stored = (await files.open(key))!;
  // Nobody writes into this pipe, so its reader waits.
  const path = join(dir, "pipe");
  Bun.spawnSync(["mkfifo", path]);
  const endless = { ...stored, path };
  const both = ["1x1", "2x2"].map((size) => hurried.thumbs.open(key, endless, size, ""));
  expect(await Promise.all(both)).toEqual([undefined, undefined]);
  expect(hurried.pool.busy + hurried.pool.waiting).toBe(0);
  expect(await hurried.thumbs.open(key, endless, "1x1", "")).toBeUndefined();
  expect(hurried.pool.jobs.toSorted()).toEqual(["1x1", "1x1", "2x2"]);
  expect(await thumbOf(key, "1x1")).toBeDefined();
});

test("the picture is served when there is no place for a thumbnail", async () => {
  const failed: string[] = [];
  const blocked = new Spool(join(dir, "storage/c/r/1.jpeg"));
  const thumbs = new Thumbs({
    files,
    spool: blocked,
    pool: shared.pool,
    maxPixels: 0,
    refused: () => {},
    failed: (key) => failed.push(key),
  });
  const key = await store(await bytes(picture(40, 20).png()), "image/png");
  expect(await thumbs.open(key, (await files.open(key))!, "9x9", "")).toBeUndefined();
  expect(failed.length).toBe(1);
  expect(await thumbOf(key, "9x9")).toBeDefined();
});

test("a picture of a store without paths is read from its stream", async () => {
  const key = await store(await bytes(picture(40, 20).png()), "image/png");
  const { path: _, ...elsewhere } = (await files.open(key))!;
  expect(await shared.thumbs.open(key, elsewhere, "8x8", "")).toMatchObject({ contentType: "image/png" });
  expect(readdirSync(join(dir, "spool"))).toEqual([]);
});

test("nothing is left if the picture is removed while its thumbnail is made", async () => {
  const key = await store(await bytes(picture(40, 20).png()), "image/png");
  const making = thumbOf(key, "10x10");
  while (shared.pool.busy === 0) await new Promise(setImmediate);
  await files.remove(key);
  expect(await making).toBeUndefined();
  expect(await Array.fromAsync(files.list(`c/r/thumbs_${key.slice(4)}`))).toEqual([]);
});

test("those that wait take turns by their owners", async () => {
  const pool = new ObservedPool({ processes: 1 });
  const source = join(dir, "storage", await store(await bytes(picture(40, 20).png()), "image/png"));
  const done: string[] = [];
  const make = async (owner: string): Promise<void> => {
    const job = { source, target: await spool.newPath(), size: "8x8", contentType: "image/png", maxPixels: 0 };
    await pool.make(job, owner);
    done.push(owner);
  };
  await Promise.all([make("a"), make("a"), make("a"), make("a"), make("b")]);
  expect(done.slice(0, 3)).toContain("b");
  expect(pool.waiting).toBe(0);
});
