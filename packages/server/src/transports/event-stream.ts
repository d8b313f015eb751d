import { encodeRetry } from "@headwater/protocol";
import { FrameBatch } from "../hub/frame-batch.ts";
import type { CloseReason, Wire } from "../hub/wire.ts";
import type { SseListener } from "./sse.ts";
import { streamFrame } from "./sse-codec.ts";

/** What a stream sends. Nothing is queued for it: more is requested when the socket has room. */
export interface StreamSource {
  /** Sent when the stream opens. */
  readonly opening: string;
  /** Calls back whenever there is more. @returns a function that stops it */
  listen(wake: () => void): () => void;
  /** The next bytes; `undefined` if there are none yet. */
  next(): Uint8Array | undefined;
  /** Nothing more will come: the stream ends. */
  readonly isOver: boolean;
  /** Keeps a quiet connection alive. */
  heartbeat(now: Date): string;
  /** The last event. */
  closeNotice(reason: "server_shutdown" | "auth_expired"): string;
}

/** How long a socket may be full, in milliseconds. */
const STALL_TIMEOUT_MS = 60_000;

/** Why a stream ended. `completed`: its source has nothing more. */
export type EndReason = CloseReason | "client" | "completed";

/** What an open event stream needs of the set that it belongs to. */
export interface EventStreamSet {
  add(stream: EventStream): void;
  remove(stream: EventStream): void;
  /** Flushes the stream soon. */
  schedule(stream: EventStream): void;
}

/** One connection, which gets what its source has as fast as it reads. */
export class EventStream implements SseListener {
  readonly #streams: EventStreamSet;
  readonly #source: StreamSource;
  readonly #onOpen: () => void;
  readonly #onClosed: (reason: EndReason) => void;
  #wire: Wire | undefined;
  #stopListening = (): void => {};
  #isScheduled = false;
  #blockedAt: number | undefined;
  /** By `performance.now()`. */
  #lastWrite = 0;

  constructor(
    streams: EventStreamSet,
    source: StreamSource,
    onOpen: () => void,
    onClosed: (reason: EndReason) => void,
  ) {
    this.#streams = streams;
    this.#source = source;
    this.#onOpen = onOpen;
    this.#onClosed = onClosed;
  }

  open(wire: Wire): void {
    this.#wire = wire;
    this.#onOpen();
    this.#streams.add(this);
    this.#write(streamFrame(this.#source.opening).payload);
    this.#stopListening = this.#source.listen(() => this.#wake());
    if (this.#wire) this.#wake();
    else this.#stopListening();
  }

  drained(): void {
    this.#blockedAt = undefined;
    this.#wake();
  }

  closed(reason: CloseReason | "client"): void {
    this.#wire = undefined;
    this.#stopListening();
    this.#streams.remove(this);
    this.#onClosed(this.#source.isOver && reason === "shutdown" ? "completed" : reason);
  }

  /** Called in the turn that it was scheduled for. */
  flush(): void {
    this.#isScheduled = false;
    while (this.#wire && this.#blockedAt === undefined) {
      const bytes = this.#source.next();
      if (!bytes) break;
      this.#write(bytes);
    }
    if (this.#source.isOver && this.#blockedAt === undefined) this.#wire?.close("shutdown");
  }

  /** Sends a heartbeat if nothing was written for `quietMs`; ends the stream if its client does not read. */
  keepAlive(quietMs: number): void {
    const now = performance.now();
    if (this.#blockedAt !== undefined) {
      if (now - this.#blockedAt > STALL_TIMEOUT_MS) this.#wire?.close("dead");
    } else if (now - this.#lastWrite >= quietMs) this.#write(streamFrame(this.#source.heartbeat(new Date())).payload);
  }

  /** Says that the server shuts down, and how long the client should wait before it reconnects. */
  sendRetry(retryMs: number): void {
    this.#writeLast(encodeRetry(retryMs) + this.#source.closeNotice("server_shutdown"));
  }

  end(): void {
    this.#wire?.close("shutdown");
  }

  /** The token that opened it has expired. */
  expire(): void {
    this.#writeLast(this.#source.closeNotice("auth_expired"));
    this.#wire?.close("auth_expired");
  }

  /** After all that the source has now; a full socket goes without. */
  #writeLast(text: string): void {
    this.flush();
    if (this.#blockedAt === undefined) this.#write(streamFrame(text).payload);
  }

  #wake(): void {
    if (this.#isScheduled || this.#blockedAt !== undefined || !this.#wire) return;
    this.#isScheduled = true;
    this.#streams.schedule(this);
  }

  #write(payload: Uint8Array | string): void {
    this.#lastWrite = performance.now();
    const outcome = this.#wire?.send(FrameBatch.of({ size: payload.length, payload }));
    if (outcome === "blocked") this.#blockedAt = this.#lastWrite;
  }
}
