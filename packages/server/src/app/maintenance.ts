import type { Logger } from "pino";
import type { Config } from "../config.ts";
import { LogSize } from "../log/log-size.ts";
import { startRetention } from "../log/retention.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Store } from "../store/store.ts";
import { startSyncExpiration } from "../sync/expiration.ts";
import type { Tasks } from "../tasks/tasks.ts";
import type { LogReaders } from "./log-readers.ts";

export interface MaintenanceOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly store: Store;
  readonly readers: LogReaders;
  readonly tasks: Tasks;
  readonly metrics: Metrics;
}

/** Trims the log and deletes the state of sync clients that don't return. @returns a function that stops both */
export function startMaintenance({ config, logger, store, readers, tasks, metrics }: MaintenanceOptions): () => void {
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
  return () => {
    stopRetention();
    stopExpiration();
  };
}
