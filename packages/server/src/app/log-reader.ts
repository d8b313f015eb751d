import { collectionId, recordId } from "@headwater/protocol";
import type { Registry } from "../collections/model/registry.ts";
import type { LogReader } from "../hub/replay/replay-source.ts";
import { readAccountStart } from "../log/accounts.ts";
import type { Change } from "../log/change.ts";
import { readHead, readTrimmedTo } from "../log/change-log.ts";
import {
  type ChangeView,
  readChangeRange,
  readChangesOf,
  readChangesOfRecord,
} from "../records/changes/read-changes.ts";
import type { Store } from "../store/store.ts";
import { TASKS } from "../tasks/task-event.ts";

/** Changes that one statement searches: other requests run between two of them. */
const SEARCH_SPAN = 4_096;

/** Reads the log for clients that reconnect: in the fields of today, and without what has been erased. */
export function createLogReader(store: Store, registry: Registry, tailRegistry: Registry): LogReader {
  const view = (): ChangeView => ({ stored: registry.current, shape: tailRegistry.current, show: "present" });
  return {
    head: () => readHead(store),
    trimmedTo: () => readTrimmedTo(store),
    range: (span, limit) => store.read((reader) => readChangeRange(reader, view(), { ...span, limit, except: TASKS })),
    async deciding({ after, upTo }, collections) {
      const changes: Change[] = [];
      const ids = collections.map(collectionId);
      for (let from = after; from < upTo; from += SEARCH_SPAN) {
        const span = { after: from, upTo: Math.min(upTo, from + SEARCH_SPAN) };
        changes.push(...(await store.read((reader) => readChangesOf(reader, view(), ids, span))));
        if (span.upTo < upTo) await new Promise((resolve) => setImmediate(resolve));
      }
      return changes;
    },
    async ofAccount({ after, upTo }, account) {
      const key = { collection: collectionId(account.collection), record: recordId(account.id) };
      const since = await readAccountStart(store, key);
      const isNew = since !== undefined && since > after && since <= upTo;
      return { isNew, changes: await readChangesOfRecord(store, view(), key, { after, upTo }) };
    },
  };
}
