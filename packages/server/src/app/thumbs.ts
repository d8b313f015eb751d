import type { Logger } from "pino";
import type { Config } from "../config.ts";
import { Thumbs } from "../files/thumbs/thumbs.ts";
import { ThumbPool } from "../files/thumbs/thumb-pool.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Folder } from "./folder.ts";

/** How long a thumbnail may take and wait for its turn, in milliseconds: less than a connection may be idle. */
const LIMIT_MS = 50_000;

/** @returns `stopThumbs` ends the processes that make them */
export function createThumbs({ limits }: Config, logger: Logger, { files, spool }: Folder, metrics: Metrics) {
  const pool = new ThumbPool({ processes: limits.files.thumbs, limitMs: LIMIT_MS });
  metrics.gauge("headwater_thumbs_busy", "Thumbnails that are being made.", () => pool.busy);
  metrics.gauge("headwater_thumbs_waiting", "Thumbnails that wait to be made.", () => pool.waiting);
  const thumbs = new Thumbs({
    files,
    spool,
    pool,
    maxPixels: limits.files.thumbPixels,
    refused: (limit) => metrics.refused(limit),
    failed: (thumb, reason) => logger.warn({ thumb, reason }, "the picture is served instead of a thumbnail"),
  });
  return { thumbs, stopThumbs: () => pool.close() };
}
