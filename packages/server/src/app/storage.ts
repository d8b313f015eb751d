import type { Logger } from "pino";
import type { Config } from "../config.ts";
import { S3Error } from "../files/s3/s3-error.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { sweepFiles } from "../records/files/sweep-files.ts";
import { CurrentSettings } from "../settings/current-settings.ts";
import type { Folder, S3Watch } from "./folder.ts";

export const watchS3 = ({ limits }: Config, logger: Logger): S3Watch => ({
  limitMs: limits.files.s3Ms,
  failed: ({ message }) => logger.warn({ reason: message }, "the S3 store failed"),
});

/** Opens the settings, stores files where they say, and removes what a killed server left there. */
export async function openStorage(config: Config, logger: Logger, folder: Folder): Promise<CurrentSettings> {
  const { store, files, spool, registry } = folder;
  const settings = await CurrentSettings.open(store, config.encryptionKey);
  files.selectBy(() => settings.current.s3);
  await spool.clear();
  await sweepFiles(store, registry.current, files).catch((error: unknown) => {
    if (!(error instanceof S3Error)) throw error;
    logger.warn({ reason: error.message }, "what was left in the S3 store can't be removed now");
  });
  return settings;
}

export function observeStorage({ files }: Folder, metrics: Metrics): void {
  metrics.total("headwater_s3_failures_total", "Requests to the S3 store that failed.", () => [["", files.failures]]);
}
