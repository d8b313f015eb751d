import type { Frame } from "./frame.ts";

/** One connection to a peer. */
export interface Connection {
  readonly url: URL;
  /** Counts the connections to this path, from 1. */
  readonly number: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly lastEventId: string | undefined;
}

export interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What goes to the client in place of a frame. */
export type Step =
  | Frame
  | { readonly waitMs: number }
  /** Ends the response as if everything had been sent. */
  | "end"
  /** Breaks the connection. */
  | "break"
  /** Sends nothing more, and leaves the connection open. */
  | "hang";

/** Changes what one connection sends. It keeps its state between frames. */
export type Change = (frame: Frame) => readonly Step[];

/** How a mutant differs from a right peer. */
export interface Tamper {
  readonly head?: (head: Head, connection: Connection) => Head;
  readonly frames?: (connection: Connection) => Change | undefined;
  /** The server doesn't end the stream where it should. */
  readonly staysOpen?: (connection: Connection) => boolean;
}
