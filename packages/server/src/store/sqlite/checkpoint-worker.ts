import { Connection } from "./connection.ts";

export interface CheckpointRequest {
  readonly path: string;
  /** PASSIVE moves what it can without waiting; RESTART waits for readers, so that the WAL starts from its beginning. */
  readonly mode: "PASSIVE" | "RESTART";
}
/** `error`: why nothing was moved. Nothing is lost: the pages stay in the WAL until the next checkpoint. */
export interface CheckpointReply {
  readonly error: string | undefined;
}

declare const self: Worker;

self.addEventListener("message", ({ data }: MessageEvent<CheckpointRequest>) => {
  self.postMessage({ error: checkpoint(data) } satisfies CheckpointReply);
});

/** Opens a connection each time: one left by a terminated worker would keep the last `close` from removing the WAL. */
function checkpoint({ path, mode }: CheckpointRequest): string | undefined {
  try {
    const connection = new Connection(path, { cacheKiB: 1_000 });
    try {
      connection.exec(`PRAGMA wal_checkpoint(${mode})`);
    } finally {
      connection.close();
    }
    return undefined;
  } catch (error) {
    return String(error);
  }
}
