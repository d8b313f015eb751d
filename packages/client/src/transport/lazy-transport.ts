import { aborted, toHeadwaterError } from "../errors.ts";
import type { Link, LinkListener, SubscribeOutcome, SubscribeRequest, Transport } from "./transport.ts";

/**
 * A transport whose code is loaded when it is first used.
 *
 * @param load called for each link; if it rejects, the link is lost
 */
export const lazyTransport = (name: string, load: () => Promise<Transport>): Transport => ({
  name,
  open(listener) {
    const link = new LazyLink();
    load().then(
      (transport) => link.open(transport, listener),
      (error: unknown) => link.isClosed || listener.ended({ kind: "lost", error: toHeadwaterError(error) }),
    );
    return link;
  },
});

/** A link that can be used before its transport is known. */
export class LazyLink implements Link {
  #link: Link | undefined;
  #closed = false;

  get isClosed(): boolean {
    return this.#closed;
  }

  open(transport: Transport, listener: LinkListener): void {
    if (!this.#closed) this.#link = transport.open(listener);
  }

  /** Not called before `opened`. */
  subscribe(request: SubscribeRequest): Promise<SubscribeOutcome> {
    return this.#link?.subscribe(request) ?? Promise.resolve({ kind: "gone", error: aborted() });
  }

  close(): void {
    this.#closed = true;
    this.#link?.close();
  }

  reportStalled(): void {
    this.#link?.reportStalled?.();
  }
}
