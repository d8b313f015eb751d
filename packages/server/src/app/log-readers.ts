import type { Logger } from "pino";
import { type Follower, LogTail } from "../log/tail.ts";
import { AfterHookRunner } from "../records/hooks/after-hook-runner.ts";
import type { HookRegistry } from "../records/model/hook-registry.ts";
import type { Folder } from "./folder.ts";

export interface LogReadersOptions {
  readonly logger: Logger;
  readonly folder: Folder;
  readonly hooks: HookRegistry;
  /** The seq of the last change that the followers don't need. */
  readonly head: number;
  readonly followers: readonly Follower[];
}

export interface LogReaders {
  /** Gives each change to all followers. */
  readonly tail: LogTail;
  /** Reads the log on its own, so that a slow hook delays no event. */
  readonly afterHooks: AfterHookRunner;
}

/** Opens the two readers of the log. Every commit wakes both. */
export function openLogReaders({ logger, folder, hooks, head, followers }: LogReadersOptions): LogReaders {
  const { store, registry } = folder;
  const tail = new LogTail(store, head, followers, (error, change) =>
    logger.error({ err: error, seq: change?.seq }, "a change could not be processed"),
  );
  const afterHooks = new AfterHookRunner({
    reader: store,
    hooks,
    schema: () => registry.current,
    head: () => tail.seq,
    onError: (error, change) =>
      logger.error(
        { err: error, seq: change?.seq, collection: change?.collection, record: change?.record },
        "an after hook failed",
      ),
  });
  store.onCommit(() => {
    afterHooks.wake();
    tail.wake();
  });
  return { tail, afterHooks };
}
