import { availableParallelism } from "node:os";
import { parseCount } from "./parse-values.ts";
import type { Setting } from "./setting.ts";

/** Settings for uploaded files. */
export const FILE_SETTINGS = {
  maxThumbs: {
    flag: "--max-thumbs",
    variable: "HEADWATER_MAX_THUMBS",
    fallback: "auto",
    help: "maximum number of thumbnails that are made at once, each in a process of its own; 0 is no limit; auto is one less than there are cores",
  },
  maxThumbMegapixels: {
    flag: "--max-thumb-megapixels",
    variable: "HEADWATER_MAX_THUMB_MEGAPIXELS",
    fallback: "100",
    help: "million pixels of a picture, and of its thumbnail, up to which one is made; beyond it the picture itself is served; 0 is no limit",
  },
  maxS3Seconds: {
    flag: "--max-s3-seconds",
    variable: "HEADWATER_MAX_S3_SECONDS",
    fallback: "60",
    help: "seconds that the S3 store may take for an answer, and between two pieces of a file; 0 is no limit",
  },
  maxSpoolMb: {
    flag: "--max-spool-mb",
    variable: "HEADWATER_MAX_SPOOL_MB",
    fallback: "10240",
    help: "MiB of uploaded files that may be on their way at once, in the data folder; 0 is no limit",
  },
  maxSpoolMbPerClient: {
    flag: "--max-spool-mb-per-client",
    variable: "HEADWATER_MAX_SPOOL_MB_PER_CLIENT",
    fallback: "5120",
    help: "the same for the requests of one address; 0 is no limit",
  },
  maxUnfinishedMb: {
    flag: "--max-unfinished-mb",
    variable: "HEADWATER_MAX_UNFINISHED_MB",
    fallback: "10240",
    help: "MiB of resumable and direct uploads that no record names yet; 0 is no limit",
  },
  maxUnfinishedMbPerAccount: {
    flag: "--max-unfinished-mb-per-account",
    variable: "HEADWATER_MAX_UNFINISHED_MB_PER_ACCOUNT",
    fallback: "5120",
    help: "the same for one account, or for the guests of one address; 0 is no limit",
  },
  keepUploadHours: {
    flag: "--keep-upload-hours",
    variable: "HEADWATER_KEEP_UPLOAD_HOURS",
    fallback: "24",
    help: "hours after its last bytes until an upload is removed that no record names; 0 is never",
  },
} as const satisfies Readonly<Record<string, Setting>>;

/** Limits for uploaded files. 0 is no limit. */
export interface FileLimits {
  /** Bytes of uploads on the disk that are on their way. */
  readonly spool: { readonly total: number; readonly perClient: number };
  /** Uploads that no record names yet: bytes, and milliseconds. */
  readonly unfinished: { readonly total: number; readonly perAccount: number; readonly keepMs: number };
  /** Milliseconds that the S3 store may take for an answer. */
  readonly s3Ms: number;
  /** Thumbnails that are made at once. */
  readonly thumbs: number;
  /** Of a picture, and of its thumbnail. */
  readonly thumbPixels: number;
}

type ReadSetting = (
  name: keyof typeof FILE_SETTINGS,
  parse: (text: string) => number | undefined,
  expected: string,
) => number;

export function readFileLimits(read: ReadSetting): FileLimits {
  const count = (name: keyof typeof FILE_SETTINGS): number => read(name, parseCount, "a whole number");
  const parseThumbs = (text: string): number | undefined =>
    text === "auto" ? Math.max(1, availableParallelism() - 1) : parseCount(text);
  return Object.freeze({
    spool: { total: count("maxSpoolMb") * 2 ** 20, perClient: count("maxSpoolMbPerClient") * 2 ** 20 },
    unfinished: {
      total: count("maxUnfinishedMb") * 2 ** 20,
      perAccount: count("maxUnfinishedMbPerAccount") * 2 ** 20,
      keepMs: count("keepUploadHours") * 3_600_000,
    },
    s3Ms: count("maxS3Seconds") * 1_000,
    thumbs: read("maxThumbs", parseThumbs, "a whole number or auto"),
    thumbPixels: count("maxThumbMegapixels") * 1_000_000,
  });
}
