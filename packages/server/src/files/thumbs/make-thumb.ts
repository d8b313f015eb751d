import sharp, { type Sharp } from "sharp";
import { pixelsOf, planThumb, type Size } from "./thumb-plan.ts";
import type { ThumbFailure, ThumbJob, ThumbReply } from "./thumb-messages.ts";

/** PocketBase's quality. */
const JPEG = { quality: 95, chromaSubsampling: "4:2:0" };
/** EXIF orientations that turn the picture on its side start here. */
const FIRST_SIDEWAYS = 5;
/** Pixels. */
const MIN_SHRUNK = 200;

sharp.cache(false);
sharp.concurrency(1);
// A picture chooses its decoder by its first bytes, so only those are left that PocketBase has.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({
  operation: ["Jpeg", "Png", "Nsgif", "Webp"].map((format) => `VipsForeignLoad${format}File`),
});

/** Makes a thumbnail. Runs in a process of its own: decoders are native code, and the picture is anybody's. */
export async function makeThumb(job: ThumbJob): Promise<ThumbReply> {
  try {
    return { kind: "made", contentType: await make(job) };
  } catch (error) {
    const reason = error instanceof ThumbError ? error.reason : "unreadable";
    return { kind: "failed", reason, message: error instanceof Error ? error.message : String(error) };
  }
}

class ThumbError extends Error {
  constructor(
    readonly reason: ThumbFailure,
    message: string,
  ) {
    super(message);
  }
}

async function make({ source, target, size, contentType, maxPixels }: ThumbJob): Promise<string> {
  const picture = sharp(source, { limitInputPixels: false, failOn: "error", sequentialRead: true });
  const { width, height, format, pages = 1, orientation = 1 } = await picture.metadata();
  assertPixels(width * height, maxPixels, "the picture");
  // Go's decoder can't read it, so PocketBase serves the original, which moves.
  if (format === "webp" && pages > 1) throw new ThumbError("unreadable", "an animated WebP");
  // PocketBase looks for an orientation in JPEG files only.
  const isTurned = format === "jpeg" && orientation >= FIRST_SIDEWAYS;
  const seen: Size = isTurned ? { width: height, height: width } : { width, height };
  const plan = planThumb(size, seen);
  if (!plan) throw new ThumbError("unreadable", `not a size: ${size}`);
  assertPixels(pixelsOf(plan), maxPixels, "the thumbnail");
  if (format === "jpeg") picture.autoOrient();
  if (plan.cropFirst) picture.extract(plan.cropFirst);
  // A narrow picture would lose what little it has if it were already halved while it is decoded.
  const fastShrinkOnLoad = Math.min(width, height) >= MIN_SHRUNK;
  if (plan.resize) picture.resize({ ...plan.resize, fit: "fill", kernel: "linear", fastShrinkOnLoad });
  if (plan.cropLast) picture.extract(plan.cropLast);
  if (contentType === "image/jpeg") return save(picture.jpeg(JPEG), target, contentType);
  if (contentType === "image/gif") return save(picture.gif(), target, contentType);
  return save(picture.png(), target, "image/png");
}

async function save(picture: Sharp, target: string, contentType: string): Promise<string> {
  await picture.toFile(target);
  return contentType;
}

function assertPixels(pixels: number, maxPixels: number, what: string): void {
  if (maxPixels > 0 && pixels > maxPixels) {
    throw new ThumbError("pixels", `${what} has ${pixels} pixels, more than ${maxPixels} (--max-thumb-megapixels)`);
  }
}
