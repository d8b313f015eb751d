import { Api } from "./api.ts";
import type { Identity } from "./auth/identity.ts";
import type { ClientOptions, TransportKind } from "./client-options.ts";
import { systemClock } from "./clock.ts";
import { DEFAULT_BACKOFF } from "./connection/backoff.ts";
import { browserLifecycle } from "./connection/page-lifecycle.ts";
import type { ConnectionLimits } from "./connection/transitions.ts";
import { Http } from "./http.ts";
import { createRetry } from "./retry.ts";
import { Realtime } from "./realtime/realtime.ts";
import { isTabSharingSupported } from "./tab-sharing/is-supported.ts";
import { lazyTransport } from "./transport/lazy-transport.ts";
import { autoTransport, SOCKET_PATH } from "./transport/auto-transport.ts";
import { sseTransport } from "./transport/sse-transport.ts";
import type { Transport } from "./transport/transport.ts";

const DEFAULT_LIMITS: ConnectionLimits = { ...DEFAULT_BACKOFF, connectMs: 15_000, stableMs: 5_000, quietMs: 0 };

/** Builds the parts of a client: HTTP, the identity, the realtime connection. */
export function createRealtime<I extends Identity>(
  url: string,
  options: ClientOptions,
  createIdentity: (http: Http) => I,
): { readonly api: Api; readonly identity: I; readonly realtime: Realtime } {
  const { clock = systemClock, random = Math.random, strict = false } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  // Wrapped in a function: browsers throw if `fetch` is called as a method of another object.
  const http = new Http({ url, clock, fetch: options.fetch ?? ((address, init) => fetch(address, init)) });
  const identity = createIdentity(http);
  const api = new Api(http, identity, createRetry(clock, random, limits));
  const realtime = new Realtime({
    api,
    transport: createTransport(url, options, http, identity),
    lifecycle: options.lifecycle ?? browserLifecycle,
    random,
    limits,
    strict,
    quietMs: options.quietMs,
  });
  return { api, identity, realtime };
}

/** Shares the connection between tabs if that is wanted and supported. */
function createTransport(url: string, options: ClientOptions, http: Http, identity: Identity): Transport {
  const { transport = "auto", shareTabs = true } = options;
  if (typeof transport === "function") return transport(http);
  const direct = createDirectTransport(transport, options, http);
  if (!shareTabs || !isTabSharingSupported()) return direct;
  let shared: Transport | undefined;
  return lazyTransport(direct.name, async () => {
    try {
      const { browserTabPrimitives, sharedTransport } = await import("./tab-sharing/shared-transport.ts");
      const primitives = await browserTabPrimitives();
      return (shared ??= sharedTransport({ transport: direct, primitives, clock: http.clock, identity, url }));
    } catch {
      // The code for sharing could not be loaded, or the page may not share: use a connection of this tab alone.
      return direct;
    }
  });
}

function createDirectTransport(kind: TransportKind, { strict = false }: ClientOptions, http: Http): Transport {
  const sse = sseTransport({ http, strict });
  const address = http.url(SOCKET_PATH).replace(/^http/, "ws");
  const loadSocket = async (): Promise<Transport> => {
    const { socketTransport } = await import("./transport/socket-transport.ts");
    return socketTransport({ address, clock: http.clock, strict, closeWhenFull: kind === "auto" });
  };
  switch (kind) {
    case "sse":
      return sse;
    case "websocket":
      return lazyTransport(kind, loadSocket);
    case "auto":
      return autoTransport({ http, sse, loadSocket });
  }
}
