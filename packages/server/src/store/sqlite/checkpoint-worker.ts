import { Connection } from "./connection.ts";

export interface CheckpointRequest {
  readonly path: string;
  /**
   * PASSIVE moves what it can without waiting. RESTART also waits a moment for readers, so that the WAL starts from its
   * beginning. TRUNCATE does the same and empties the file.
   */
  readonly mode: "PASSIVE" | "RESTART" | "TRUNCATE";
}
/** What it didn't move stays in the WAL until the next checkpoint. */
export interface CheckpointReply {
  /** `blocked`: a reader still needs the WAL. */
  readonly outcome: "done" | "blocked" | "failed";
}

/** How long writers wait for the readers. A long query must not stop them: it is tried again later. */
const RESTART_WAIT_MS = 50;

declare const self: Worker;

self.addEventListener("message", ({ data }: MessageEvent<CheckpointRequest>) => {
  self.postMessage({ outcome: checkpoint(data) } satisfies CheckpointReply);
});

/** Opens a connection each time: one left by a terminated worker would keep the last `close` from removing the WAL. */
function checkpoint({ path, mode }: CheckpointRequest): CheckpointReply["outcome"] {
  try {
    const connection = new Connection(path, { cacheKiB: 1_000, busyTimeoutMs: RESTART_WAIT_MS });
    try {
      const row = connection.first({ text: `PRAGMA wal_checkpoint(${mode})`, values: [] });
      return row?.["busy"] === 0 ? "done" : "blocked";
    } finally {
      connection.close();
    }
  } catch {
    return "failed";
  }
}
