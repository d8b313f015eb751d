import type { Logger } from "pino";
import type { Metrics } from "../metrics/metrics.ts";
import type { Store } from "../store/store.ts";
import { Tasks } from "../tasks/tasks.ts";

export interface TasksOptions {
  readonly logger: Logger;
  readonly store: Store;
  readonly metrics: Metrics;
}

export async function openTasks({ logger, store, metrics }: TasksOptions): Promise<Tasks> {
  const tasks = new Tasks(store, (error, about) => logger.error({ err: error, ...about }, "a task failed"));
  metrics.gauge("headwater_tasks_active", "Running tasks.", () => tasks.active);
  await tasks.histories.load();
  return tasks;
}
