import { join } from "node:path";
import type { Logger } from "pino";
import type { Config } from "../config.ts";
import { AddressGroups } from "../connections/address-group.ts";
import { PendingUploads } from "../files/uploads/pending-uploads.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Folder } from "./folder.ts";

/** How often uploads that expired are removed, in milliseconds. They can't be used before that. */
const SWEEP_MS = 600_000;

/** Uploads that no record names yet. @returns `stopUploads` ends the removal of those that expired */
export async function createUploads({ dir, limits }: Config, logger: Logger, { files }: Folder, metrics: Metrics) {
  const uploads = await PendingUploads.open({
    folder: join(dir, ".headwater.pending"),
    limits: limits.files.unfinished,
    // Of a bucket that is no longer in use, the sweep of orphans takes care.
    removeObject: async (key) => files.bucket?.remove(key),
  });
  metrics.gauge("headwater_unfinished_bytes", "Bytes of uploads that no record names yet.", () => uploads.bytes);
  const sweep = (): void => {
    void uploads.sweep(new Date(), (error) => logger.warn({ err: error }, "an expired upload could not be removed"));
  };
  sweep();
  const timer = setInterval(sweep, SWEEP_MS);
  return {
    uploads,
    addressGroups: new AddressGroups(limits.countsLocalAddresses),
    stopUploads: () => clearInterval(timer),
  };
}
