import type { Logger } from "pino";
import type { Config } from "../config.ts";
import { LogSize } from "../log/log-size.ts";
import { startRetention } from "../log/retention.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { startSyncExpiration } from "../sync/expiration.ts";
import type { Tasks } from "../tasks/tasks.ts";
import type { Folder } from "./folder.ts";
import { startKeptSweeps } from "./kept.ts";
import type { LogReaders } from "./log-readers.ts";

export interface MaintenanceOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly folder: Folder;
  readonly readers: LogReaders;
  readonly tasks: Tasks;
  readonly metrics: Metrics;
  readonly background: (work: () => Promise<void>) => void;
}

/**
 * Trims the log, and deletes what was kept long enough: the state of sync clients that don't return, deleted records and
 * histories.
 *
 * @returns a function that stops it all
 */
export function startMaintenance({
  config,
  logger,
  folder,
  readers,
  tasks,
  metrics,
  background,
}: MaintenanceOptions): () => void {
  const { store } = folder;
  const { tail, afterHooks } = readers;
  const size = new LogSize();
  metrics.gauge("headwater_log_bytes", "Bytes of the log, about.", () => size.bytes);
  const stopRetention = startRetention({
    store,
    size,
    retention: config.retention,
    positions: () => ({ always: Math.min(tail.seq, tasks.histories.savedTo), hooks: afterHooks.seq }),
    onMissed: (seq) =>
      logger.warn(
        { read: afterHooks.seq, trimmed: seq },
        "after hooks are too slow: the log was trimmed and they missed changes",
      ),
    onError: (error) => logger.error({ err: error }, "the log could not be trimmed"),
  });
  const stopExpiration = startSyncExpiration(store, (error) =>
    logger.error({ err: error }, "old sync clients could not be deleted"),
  );
  const stopSweeps = startKeptSweeps(folder, logger, background);
  return () => {
    stopRetention();
    stopExpiration();
    stopSweeps();
  };
}
