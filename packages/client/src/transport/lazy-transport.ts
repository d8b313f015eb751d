import { aborted } from "../errors.ts";
import type { Link, LinkListener, SubscribeOutcome, SubscribeRequest, Transport } from "./transport.ts";

/** A transport whose code comes when it is needed. @param load is asked each time, and gives another where it can't be had */
export const lazyTransport = (name: string, load: () => Promise<Transport>): Transport => ({
  name,
  open(listener) {
    const link = new LazyLink();
    void load().then((transport) => link.open(transport, listener));
    return link;
  },
});

/** A link that is used before it is known over what. */
export class LazyLink implements Link {
  #link: Link | undefined;
  #closed = false;

  open(transport: Transport, listener: LinkListener): void {
    if (!this.#closed) this.#link = transport.open(listener);
  }

  /** Nobody subscribes before the greeting. */
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
