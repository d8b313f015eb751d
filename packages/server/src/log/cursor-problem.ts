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
  return cursor.epoch === epoch ? positionProblem(cursor.seq, { head, trimmedTo }) : "epoch";
}

/** Why the entries after a seq can't be had; `undefined` if they can. */
export function positionProblem(
  seq: number,
  { head, trimmedTo }: Omit<LogBounds, "epoch">,
): "unknown" | "expired" | undefined {
  if (seq > head) return "unknown";
  return seq < trimmedTo ? "expired" : undefined;
}
