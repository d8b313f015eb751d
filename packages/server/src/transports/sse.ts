import type { Server } from "bun";
import type { FrameBatch } from "../hub/frame-batch.ts";
import { type CloseReason, isOrderly, type Wire } from "../hub/wire.ts";

/** Called by the connection. */
export interface SseListener {
  /** The first bytes may be written. */
  open(wire: Wire): void;
  /** The socket took everything. */
  drained(): void;
  /** The connection is gone, whichever side ended it. Called once, and only after `open`. */
  closed(reason: CloseReason | "client"): void;
}

/**
 * PocketBase's headers for the stream; the third keeps nginx from buffering it. The last closes the connection together
 * with the stream: while the server stops, a browser that reused it would get a 503, which ends an `EventSource` for good;
 * a refused connection does not.
 */
const HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  "X-Accel-Buffering": "no",
  Connection: "close",
};

/**
 * Responds with an event stream. A direct stream writes to the socket with one call and no copy, and can be cut. Bun calls
 * `pull` when the connection opens and `cancel` however it ends.
 *
 * @param headers added to the usual ones, or replacing them
 */
export function openSse(
  request: Request,
  server: Server<unknown>,
  listener: SseListener,
  headers: Readonly<Record<string, string>> = {},
): Response {
  // Otherwise Bun closes a response that is silent for ten seconds.
  server.timeout(request, 0);
  return new Response(new ReadableStream(new SseWire(listener)), { headers: { ...HEADERS, ...headers } });
}

/** The stream's source and its wire in one object: connections stay open for hours, so each object counts. */
class SseWire implements Wire {
  readonly type = "direct";
  readonly #listener: SseListener;
  #controller: ReadableStreamDirectController | undefined;
  #ended = false;
  #blocked = false;

  constructor(listener: SseListener) {
    this.#listener = listener;
  }

  pull(controller: ReadableStreamDirectController): void {
    this.#controller = controller;
    this.#listener.open(this);
  }

  cancel(): void {
    if (this.#controller) this.#end();
  }

  get isClosed(): boolean {
    return this.#ended;
  }

  send({ bytes }: FrameBatch): "sent" | "blocked" | "closed" {
    if (!this.#controller || this.#ended) return "closed";
    try {
      // The types say a number, but a full socket returns a promise that resolves when it has drained.
      const written: unknown = this.#controller.write(bytes);
      if (written instanceof Promise) {
        this.#awaitDrain(written);
        return "blocked";
      }
      void this.#controller.flush();
      return this.#blocked ? "blocked" : "sent";
    } catch {
      // Bun throws if the peer left between two calls.
      this.#end();
      return "closed";
    }
  }

  close(reason: CloseReason): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      // An error resets the connection and frees it at once; closing in order would wait for the peer to read.
      this.#controller?.close(isOrderly(reason) ? undefined : new Error(reason));
    } catch {
      // It was closed already.
    }
    this.#listener.closed(reason);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener.closed("client");
  }

  #awaitDrain(drain: Promise<unknown>): void {
    this.#blocked = true;
    const drained = (): void => {
      this.#blocked = false;
      // The promise also settles when the connection is gone.
      if (!this.#ended) this.#listener.drained();
    };
    drain.then(drained, drained);
  }
}
