import type { CursorScope } from "@headwater/protocol";
import type { ChangePart, Cursors } from "../../log/cursors.ts";

/** The cursor of one message of a change; `undefined` for a message without one. */
export type FrameCursor = Exclude<CursorScope, "part"> | ChangePart | undefined;

/** The cursors of one change, each made on first use: one for all subscribers, not one for each. */
export class ChangeCursors {
  readonly #cursors: Cursors;
  readonly #seq: number;
  #texts: Map<string, string> | undefined;

  constructor(cursors: Cursors, seq: number) {
    this.#cursors = cursors;
    this.#seq = seq;
  }

  text(cursor: FrameCursor): string | undefined {
    if (cursor === undefined) return undefined;
    const key = frameCursorKey(cursor);
    let text = this.#texts?.get(key);
    if (text === undefined) {
      text = this.#format(cursor);
      this.#texts = (this.#texts ?? new Map<string, string>()).set(key, text);
    }
    return text;
  }

  #format(cursor: NonNullable<FrameCursor>): string {
    return typeof cursor === "object"
      ? this.#cursors.formatPart(this.#seq, cursor)
      : this.#cursors.eventId(this.#seq, cursor);
  }
}

/** Equal for equal cursors. */
export const frameCursorKey = (cursor: FrameCursor): string =>
  typeof cursor === "object" ? `${cursor.upTo}.${cursor.sum}` : (cursor ?? "");
