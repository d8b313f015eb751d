import type { ClientEvent, ClientState } from "../../src/clients/driver.ts";

/** What a client keeps of the stream that it reads. */
export interface StreamState {
  decoder: Decoder;
  /** The text after the last line end. */
  rest: string;
  data: string;
  name: string;
  idBuffer: string;
}

export interface Decoder {
  decode(bytes?: Uint8Array, options?: { readonly stream: boolean }): string;
}

/** A line with a colon or without one. */
export type Field = readonly [name: string, value: string];

/** Where a client stands when one of its parts is asked. */
export interface Place {
  /** Counted from 1. */
  readonly connection: number;
  /** How many events came before, on all connections. */
  readonly events: number;
}

export type Headers = Readonly<Record<string, string>>;

type Change<Value> = (value: Value, at: Place) => Value;

/**
 * The parts of a client. Each gets what the right client does and may do something else instead. A violation of a rule
 * replaces one or two of them.
 */
export interface Parts {
  /** Makes the decoder of a stream, given its content type. */
  readonly decoder: (right: Decoder, at: Place, type: string) => Decoder;
  /** The bytes of one chunk, as the pieces in which it reads them. */
  readonly bytes: Change<readonly Uint8Array[]>;
  /** How long it takes before it reads a chunk, in milliseconds. */
  readonly lag: Change<number>;
  /** Decoded text before it is split into lines. */
  readonly text: Change<string>;
  /** Ends of lines in a text that may go on. */
  readonly lineEnd: Change<RegExp>;
  readonly lines: Change<readonly string[]>;
  /** A line as a field; a comment has the name "". */
  readonly field: (right: Field, at: Place, line: string) => Field;
  /** The reconnection time in a `retry` field, if it is one. */
  readonly retry: (right: number | undefined, at: Place, value: string) => number | undefined;
  /** Whether an id is taken. */
  readonly takesId: (right: boolean, at: Place, value: string) => boolean;
  /** A block as the events that it dispatches. */
  readonly dispatch: (right: readonly ClientEvent[], at: Place, state: Readonly<StreamState>) => readonly ClientEvent[];
  /** What is left of the stream's state after an event. */
  readonly afterEvent: (right: StreamState, at: Place, before: Readonly<StreamState>) => StreamState;
  /** The state of a new stream, given that of the one before. */
  readonly fresh: (right: StreamState, at: Place, before: Readonly<StreamState> | undefined) => StreamState;
  /** What it dispatches when a stream ends. */
  readonly atEnd: (right: readonly ClientEvent[], at: Place, state: Readonly<StreamState>) => readonly ClientEvent[];
  /** The last event ID after a line, given the one that the right client has. */
  readonly lastEventId: (right: string, at: Place, state: Readonly<StreamState>) => string;
  /** The last event ID and reconnection time with which a new connection starts. */
  readonly remembered: Change<{ readonly lastEventId: string; readonly retryMs: number }>;
  readonly headers: Change<Headers>;
  /** What it does with a response. */
  readonly verdict: (right: Verdict, at: Place, response: Response) => Verdict;
  /** The headers with which it follows a redirect, if it does. */
  readonly redirect: (right: Headers, at: Place, status: number) => Headers | undefined;
  /** Whether it goes on after a stream or a request ends like that. */
  readonly goesOn: (right: boolean, at: Place, how: Ending) => boolean;
  /** How long it waits before it reconnects. */
  readonly wait: Change<number>;
  readonly states: (right: readonly ClientState[], at: Place) => readonly ClientState[];
  /** Which parts of the client a close reaches. */
  readonly closes: Change<Readonly<Record<"request" | "wait" | "events", boolean>>>;
  /** How much of what it has read it still holds, in characters. */
  readonly held: (right: number, at: Place, read: { readonly comments: number; readonly events: number }) => number;
}

export type Verdict = "read" | "stop" | "reconnect";
export type Ending = "end" | "break" | "no response";

export const without = (headers: Headers, ...names: readonly string[]): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));

/** The parts, each replaced only on some connections. */
export function onConnections(parts: Partial<Parts>, isThere: (connection: number) => boolean): Partial<Parts> {
  const limited = Object.entries(parts).map(([name, part]) => {
    const change = part as (right: unknown, at: Place, ...rest: readonly unknown[]) => unknown;
    const where: typeof change = (right, at, ...rest) => (isThere(at.connection) ? change(right, at, ...rest) : right);
    return [name, where] as const;
  });
  return Object.fromEntries(limited);
}
