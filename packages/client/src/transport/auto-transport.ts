import type { Http } from "../http.ts";
import { LazyLink } from "./lazy-transport.ts";
import type { LinkListener, Transport } from "./transport.ts";

export interface AutoTransportOptions {
  readonly http: Http;
  /** The fallback, which every server supports. */
  readonly sse: Transport;
  readonly loadSocket: () => Promise<Transport>;
}

/** After this many failed WebSocket connections, something in the network probably blocks WebSockets. */
const MAX_SOCKET_FAILURES = 2;

/** Uses a WebSocket if the server and the network support it, else the SSE stream. */
export function autoTransport({ http, sse, loadSocket }: AutoTransportOptions): Transport {
  let isSupported: boolean | undefined;
  let failures = 0;
  const choose = async (): Promise<Transport> => {
    if (!("WebSocket" in globalThis) || failures >= MAX_SOCKET_FAILURES) return sse;
    isSupported ??= await supportsSocket(http);
    return isSupported ? loadSocket().catch(() => sse) : sse;
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
        // The client has more subscriptions than a WebSocket allows.
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

/**
 * A server with WebSockets responds 426 to a request without an upgrade.
 *
 * @returns `undefined` if there is no response
 */
async function supportsSocket(http: Http): Promise<boolean | undefined> {
  try {
    const response = await http.send("GET", SOCKET_PATH, { timeoutMs: 5_000 });
    await response.body?.cancel();
    return response.status === 426;
  } catch {
    return undefined;
  }
}

export const SOCKET_PATH = "/realtime/subscribe";
