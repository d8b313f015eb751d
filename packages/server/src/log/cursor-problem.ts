import type { ResyncReason } from "@headwater/protocol";

/** What a log, or one task's history, still holds. */
export interface LogBounds {
  readonly epoch: string;
  /** The seq of the newest entry. */
  readonly head: number;
  /** Every entry after this seq is still there. */
  readonly trimmedTo: number;
}

/** Why the entries after a cursor can't be had; `undefined` if they can. */
export function cursorProblem(
  cursor: { readonly epoch: string; readonly seq: number },
  { epoch, head, trimmedTo }: LogBounds,
): Exclude<ResyncReason, "visibility" | "overload"> | undefined {
  if (cursor.epoch !== epoch) return "epoch";
  if (cursor.seq > head) return "unknown";
  return cursor.seq < trimmedTo ? "expired" : undefined;
}
