import type { Config } from "../config.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { HookRegistry } from "../records/model/hook-registry.ts";

export const createHooks = ({ limits: { hookMs, blockMs } }: Config, metrics: Metrics): HookRegistry =>
  new HookRegistry({ waitMs: hookMs, blockMs, onOverrun: (limit) => metrics.refused(limit) });
