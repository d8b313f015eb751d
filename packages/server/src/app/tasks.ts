import type { Logger } from "pino";
import type { Config } from "../config.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Store } from "../store/store.ts";
import { Tasks } from "../tasks/tasks.ts";

export interface TasksOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly store: Store;
  readonly metrics: Metrics;
}

export async function openTasks({ config, logger, store, metrics }: TasksOptions): Promise<Tasks> {
  const onError = (error: unknown, about?: object): void =>
    logger.error({ err: error, ...about }, about ? "a task failed" : "tasks could not be saved; it is tried again");
  const { taskBytes, blockMs } = config.limits;
  const tasks = new Tasks(store, onError, {
    maxBytes: taskBytes,
    blockMs,
    onUnwritable: () => metrics.refused("task_bytes"),
  });
  metrics.gauge("headwater_tasks_active", "Running tasks.", () => tasks.active);
  await tasks.histories.load();
  return tasks;
}
