import type { Epoch } from "./ids.ts";

/** "I have seen everything up to here": a place in one life of the log. Opaque to clients. */
export interface Cursor {
  readonly epoch: Epoch;
  readonly seq: number;
}

/** The text form that travels as the SSE `id:`. The dot tells it from a client id, which has none. */
export const formatCursor = ({ epoch, seq }: Cursor): string => `${epoch}.${seq}`;

/** Reads a cursor back; `undefined` for anything else, a client id of `PB_CONNECT` included. */
export function parseCursor(text: string): Cursor | undefined {
  const match = /^([a-z0-9]{1,32})\.(0|[1-9]\d{0,15})$/.exec(text);
  return match ? { epoch: match[1] as Epoch, seq: Number(match[2]) } : undefined;
}
