import type { Epoch } from "./ids.ts";

/** A position in one epoch of the log: the client has seen everything up to and including `seq`. Opaque to clients. */
export interface Cursor {
  readonly epoch: Epoch;
  readonly seq: number;
}

/** The text form, sent as the SSE `id:`. The dot distinguishes it from a client id, which has none. */
export const formatCursor = ({ epoch, seq }: Cursor): string => `${epoch}.${seq}`;

/** @returns `undefined` if the text is not a cursor, as the client id in `PB_CONNECT` */
export function parseCursor(text: string): Cursor | undefined {
  const match = /^([a-z0-9]{1,32})\.(0|[1-9]\d{0,15})$/.exec(text);
  return match ? { epoch: match[1] as Epoch, seq: Number(match[2]) } : undefined;
}
