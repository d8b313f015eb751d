import type { Logger } from "pino";
import { COLLECTIONS } from "../collections/model/log-collection-change.ts";
import type { Registry } from "../collections/model/registry.ts";
import type { Schema } from "../collections/model/schema.ts";
import { type Follower, LogTail, type ReadPage } from "../log/tail.ts";
import { Eraser } from "../records/changes/eraser.ts";
import { type ChangeView, readChangesAfter } from "../records/changes/read-changes.ts";
import { AfterHookRunner } from "../records/hooks/after-hook-runner.ts";
import type { HookRegistry } from "../records/model/hook-registry.ts";
import type { Folder } from "./folder.ts";

export interface LogReadersOptions {
  readonly logger: Logger;
  readonly folder: Folder;
  readonly hooks: HookRegistry;
  /** The collections as of the change that the followers have reached. */
  readonly tailRegistry: Registry;
  /** The seq of the last change that the followers don't need. */
  readonly head: number;
  readonly followers: readonly Follower[];
}

export interface LogReaders {
  /** Gives each change to all followers. */
  readonly tail: LogTail;
  /** Reads the log on its own, so that a slow hook delays no event. */
  readonly afterHooks: AfterHookRunner;
  /** Erases what the log still holds of deleted records once both have read it. */
  readonly eraser: Eraser;
}

/** Opens the two readers of the log. Every commit wakes both, and what they have read is erased. */
export function openLogReaders({
  logger,
  folder,
  hooks,
  tailRegistry,
  head,
  followers,
}: LogReadersOptions): LogReaders {
  const { store, registry } = folder;
  const read = pageReader(folder, () => tailRegistry.current);
  const eraser = new Eraser({
    store,
    schema: () => registry.current,
    upTo: () => Math.min(tail.seq, afterHooks.seq),
    onError: (error) => logger.error({ err: error }, "the values of deleted records could not be erased from the log"),
  });
  const tail = new LogTail(read, head, [...followers, (change) => eraser.follow(change)], (error, change) =>
    logger.error({ err: error, seq: change?.seq }, "a change could not be processed"),
  );
  const afterHooks = new AfterHookRunner({
    read: pageReader(folder, () => registry.current),
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
  eraser.start();
  return { tail, afterHooks, eraser };
}

/**
 * Reads the log as its followers need it: with all values, in the fields of the collections that they have. A change
 * of a collection ends a page, since what comes after it has other fields.
 */
function pageReader({ store, registry }: Folder, shape: () => Schema): ReadPage {
  return (seq, limit, onBrokenRow) =>
    store.read(async (reader) => {
      const view: ChangeView = { stored: registry.current, shape: shape(), show: "all" };
      const changes = await readChangesAfter(reader, view, seq, limit, onBrokenRow);
      const cut = changes.findIndex(({ collection }) => collection === COLLECTIONS) + 1;
      return cut > 0 ? { changes: changes.slice(0, cut), isEnd: false } : { changes, isEnd: changes.length < limit };
    });
}
