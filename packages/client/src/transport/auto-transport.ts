import type { Http } from "../http.ts";
import { LazyLink } from "./lazy-transport.ts";
import type { LinkListener, Transport } from "./transport.ts";

export interface AutoTransportOptions {
  readonly http: Http;
  /** What every server has. */
  readonly sse: Transport;
  readonly loadSocket: () => Promise<Transport>;
}

/** Attempts at a WebSocket that may fail before it is left: something on the way lets none through. */
const MAX_SOCKET_FAILURES = 2;

/** A WebSocket where the server offers one and the way to it lets it through, else its stream. */
export function autoTransport({ http, sse, loadSocket }: AutoTransportOptions): Transport {
  let isOffered: boolean | undefined;
  let failures = 0;
  const choose = async (): Promise<Transport> => {
    if (!("WebSocket" in globalThis) || failures >= MAX_SOCKET_FAILURES) return sse;
    isOffered ??= await offersSocket(http);
    return isOffered ? loadSocket().catch(() => sse) : sse;
  };
  const countFailures = (transport: Transport, listener: LinkListener): LinkListener => {
    let opened = false;
    return {
      ...listener,
      opened(clientId) {
        opened = true;
        if (transport !== sse) failures = 0;
        listener.opened(clientId);
      },
      ended(end) {
        if (transport !== sse && !opened) failures += 1;
        // There are more subscriptions than a WebSocket takes.
        if (end.error.code === "overflow") failures = MAX_SOCKET_FAILURES;
        listener.ended(end);
      },
    };
  };
  return {
    name: "auto",
    open(listener) {
      const link = new LazyLink();
      void choose().then((transport) => link.open(transport, countFailures(transport, listener)));
      return link;
    },
  };
}

/** Asked without an upgrade, a server that has WebSockets says so (426). @returns undefined when nobody answers */
async function offersSocket(http: Http): Promise<boolean | undefined> {
  try {
    const response = await http.send("GET", SOCKET_PATH, { timeoutMs: 5_000 });
    await response.body?.cancel();
    return response.status === 426;
  } catch {
    return undefined;
  }
}

export const SOCKET_PATH = "/realtime/subscribe";
