import type { Server } from "bun";
import type { Wire } from "../hub/wire.ts";

/** What the connection tells its owner. */
export interface SseListener {
  /** The client is there and the first bytes may be written. */
  open(wire: Wire): void;
  /** The socket took all that it was given before. */
  drained(): void;
  /** The connection is gone, whoever ended it. Called once, and only after `open`. */
  closed(): void;
}

/** PocketBase's headers for the stream; the last keeps nginx from buffering it. */
const HEADERS = { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" };

/**
 * Answers a request with an event stream. A direct stream writes to the socket with one call and no copy, and can be
 * cut; the connection is registered in `pull` and let go in `cancel`, which Bun calls for every kind of ending.
 */
export function openSse(request: Request, server: Server<unknown>, listener: SseListener): Response {
  // Without this Bun closes a response that is silent for ten seconds.
  server.timeout(request, 0);
  let wire: SseWire | undefined;
  const stream = new ReadableStream({
    type: "direct",
    pull(controller: ReadableStreamDirectController) {
      wire = new SseWire(controller, listener);
      listener.open(wire);
    },
    cancel() {
      wire?.ended();
    },
  });
  return new Response(stream, { headers: HEADERS });
}

class SseWire implements Wire {
  readonly #controller: ReadableStreamDirectController;
  readonly #listener: SseListener;
  #ended = false;
  #blocked = false;

  constructor(controller: ReadableStreamDirectController, listener: SseListener) {
    this.#controller = controller;
    this.#listener = listener;
  }

  send(bytes: Uint8Array): "sent" | "blocked" | "closed" {
    if (this.#ended) return "closed";
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
      this.ended();
      return "closed";
    }
  }

  close(reason: "slow" | "dead" | "shutdown"): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      // Closing with an error resets the connection and frees it at once; in order, it would wait for the peer to read.
      this.#controller.close(reason === "shutdown" ? undefined : new Error(reason));
    } catch {
      // It was closed already: what we wanted.
    }
  }

  ended(): void {
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
