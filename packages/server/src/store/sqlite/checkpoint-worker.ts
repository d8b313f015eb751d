import { Connection } from "./connection.ts";

export interface CheckpointRequest {
  readonly path: string;
  /** PASSIVE moves what it can and waits for nobody; RESTART waits for readers and lets the WAL begin anew. */
  readonly mode: "PASSIVE" | "RESTART";
}
/** `error`: why nothing was moved. Nothing is lost by it: the pages stay in the WAL and the next checkpoint takes them. */
export interface CheckpointReply {
  readonly error: string | undefined;
}

declare const self: Worker;

self.addEventListener("message", ({ data }: MessageEvent<CheckpointRequest>) => {
  self.postMessage({ error: checkpoint(data) } satisfies CheckpointReply);
});

/** A connection each time: one left open by a terminated worker would keep the last `close` from removing the WAL. */
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
