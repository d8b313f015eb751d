import { encodeRetry } from "@headwater/protocol";
import { FrameBatch } from "../hub/frame-batch.ts";
import type { Wire } from "../hub/wire.ts";
import type { EventStreams } from "./event-streams.ts";
import type { SseListener } from "./sse.ts";
import { streamFrame } from "./sse-codec.ts";

/** What a stream tells. Nothing is queued for it: it is asked for more when there is room. */
export interface StreamSource {
  /** Goes out at once. */
  readonly opening: string;
  /** Begins to call back whenever there is more. @returns a function that lets go */
  listen(wake: () => void): () => void;
  /** What comes next; `undefined` if there is nothing now. */
  next(): Uint8Array | undefined;
  /** Was all told that there will ever be? Then the stream ends. */
  readonly isOver: boolean;
  /** Keeps a quiet connection alive. */
  heartbeat(now: Date): string;
  /** The last words to those who are here when the server ends. */
  readonly farewell: string;
}

/** How long a socket may be full, in milliseconds. */
const PATIENCE_MS = 60_000;

/** One connection that is told what a source has, as fast as it reads. */
export class EventStream implements SseListener {
  readonly #streams: EventStreams;
  readonly #source: StreamSource;
  readonly #onOpen: () => void;
  readonly #onClosed: () => void;
  #wire: Wire | undefined;
  #letGo = (): void => {};
  #isWaiting = false;
  #blockedAt: number | undefined;
  /** By the clock that does not jump. */
  #lastWrite = 0;

  constructor(streams: EventStreams, source: StreamSource, onOpen: () => void, onClosed: () => void) {
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
    this.#letGo = this.#source.listen(() => this.#wake());
    if (this.#wire) this.#wake();
    else this.#letGo();
  }

  drained(): void {
    this.#blockedAt = undefined;
    this.#wake();
  }

  closed(): void {
    this.#wire = undefined;
    this.#letGo();
    this.#streams.remove(this);
    this.#onClosed();
  }

  /** For the round that it was scheduled in. */
  flush(): void {
    this.#isWaiting = false;
    while (this.#wire && this.#blockedAt === undefined) {
      const bytes = this.#source.next();
      if (!bytes) break;
      this.#write(bytes);
    }
    if (this.#source.isOver && this.#blockedAt === undefined) this.#wire?.close("shutdown");
  }

  /** Keeps it alive if it was quiet for so long; ends it if its client does not read. */
  beat(quietMs: number): void {
    const now = performance.now();
    if (this.#blockedAt !== undefined) {
      if (now - this.#blockedAt > PATIENCE_MS) this.#wire?.close("dead");
    } else if (now - this.#lastWrite >= quietMs) this.#write(streamFrame(this.#source.heartbeat(new Date())).payload);
  }

  /** Tells the client that the server ends, and when to come back. */
  advise(retryMs: number): void {
    this.flush();
    if (this.#blockedAt === undefined) this.#write(streamFrame(encodeRetry(retryMs) + this.#source.farewell).payload);
  }

  end(): void {
    this.#wire?.close("shutdown");
  }

  #wake(): void {
    if (this.#isWaiting || this.#blockedAt !== undefined || !this.#wire) return;
    this.#isWaiting = true;
    this.#streams.schedule(this);
  }

  #write(payload: Uint8Array | string): void {
    this.#lastWrite = performance.now();
    const outcome = this.#wire?.send(FrameBatch.of({ size: payload.length, payload }));
    if (outcome === "blocked") this.#blockedAt = this.#lastWrite;
  }
}
