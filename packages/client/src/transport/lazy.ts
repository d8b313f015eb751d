import { aborted } from "../errors.ts";
import type { Link, LinkListener, SubscribeOutcome, SubscribeRequest, Transport } from "./transport.ts";

/** A transport whose code comes when it is first needed. @param load gives another where it can't be had */
export function lazyTransport(name: string, load: () => Promise<Transport>): Transport {
  let loading: Promise<Transport> | undefined;
  return {
    name,
    open(listener) {
      const link = new LazyLink();
      loading ??= load();
      void loading.then((transport) => link.open(transport, listener));
      return link;
    },
  };
}

class LazyLink implements Link {
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

  doubt(): void {
    this.#link?.doubt?.();
  }
}
