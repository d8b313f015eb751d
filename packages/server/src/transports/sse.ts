import type { Server } from "bun";
import type { FrameBatch } from "../hub/frame-batch.ts";
import type { CloseReason, Wire } from "../hub/wire.ts";

/** What the connection tells its owner. */
export interface SseListener {
  /** The client is there and the first bytes may be written. */
  open(wire: Wire): void;
  /** The socket took all that it was given before. */
  drained(): void;
  /** The connection is gone, whoever ended it. Called once, and only after `open`. */
  closed(): void;
}

/**
 * PocketBase's headers for the stream; the third keeps nginx from buffering it. The last ends the connection with the
 * stream: a browser that came back on it while the server stops would meet a 503, which ends its `EventSource` for good,
 * where a connection that is refused does not.
 */
const HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  "X-Accel-Buffering": "no",
  Connection: "close",
};

/**
 * Answers a request with an event stream. A direct stream writes to the socket with one call and no copy, and can be
 * cut; the connection is registered in `pull` and let go in `cancel`, which Bun calls for every kind of ending.
 *
 * @param headers in the place of the usual ones, or beside them
 */
export function openSse(
  request: Request,
  server: Server<unknown>,
  listener: SseListener,
  headers: Readonly<Record<string, string>> = {},
): Response {
  // Without this Bun closes a response that is silent for ten seconds.
  server.timeout(request, 0);
  return new Response(new ReadableStream(new SseWire(listener)), { headers: { ...HEADERS, ...headers } });
}

/** The stream's source and its wire in one: a connection is held for hours, and every object of it counts. */
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

  get gone(): boolean {
    return this.#ended;
  }

  send({ bytes }: FrameBatch): "sent" | "blocked" | "closed" {
    if (!this.#controller || this.#ended) return "closed";
    try {
      // The types promise a number; a full socket answers with a promise that resolves when it is empty again.
      const written: unknown = this.#controller.write(bytes);
      if (written instanceof Promise) {
        this.#awaitDrain(written);
        return "blocked";
      }
      void this.#controller.flush();
      return this.#blocked ? "blocked" : "sent";
    } catch {
      // The peer left between two calls; Bun says so by throwing.
      this.#end();
      return "closed";
    }
  }

  close(reason: CloseReason): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      // Closing with an error resets the connection and frees it at once; in order, it would wait for the peer to read.
      this.#controller?.close(reason === "shutdown" ? undefined : new Error(reason));
    } catch {
      // It was closed already: what we wanted.
    }
    this.#listener.closed();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener.closed();
  }

  #awaitDrain(drain: Promise<unknown>): void {
    this.#blocked = true;
    const drained = (): void => {
      this.#blocked = false;
      // It also resolves when the connection is gone.
      if (!this.#ended) this.#listener.drained();
    };
    drain.then(drained, drained);
  }
}
