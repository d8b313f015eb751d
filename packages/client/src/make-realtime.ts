import { Api } from "./api.ts";
import type { Identity } from "./auth/identity.ts";
import type { ClientOptions, TransportKind } from "./client-options.ts";
import { systemClock } from "./clock.ts";
import { BACKOFF } from "./connection/backoff.ts";
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

const LIMITS: ConnectionLimits = { ...BACKOFF, connectMs: 15_000, stableMs: 5_000, quietMs: 0 };

/** Builds the parts in their order: requests, who asks, the connection. */
export function makeRealtime<Who extends Identity>(
  url: string,
  options: ClientOptions,
  identify: (http: Http) => Who,
): { readonly api: Api; readonly identity: Who; readonly realtime: Realtime } {
  const { clock = systemClock, random = Math.random, strict = false } = options;
  const limits = { ...LIMITS, ...options.limits };
  // By a function of our own: browsers refuse a fetch that is called on anything but the window.
  const http = new Http({ url, clock, fetch: options.fetch ?? ((address, init) => fetch(address, init)) });
  const identity = identify(http);
  const api = new Api(http, identity, createRetry(clock, random, limits));
  const realtime = new Realtime({
    api,
    transport: makeTransport(url, options, http, identity),
    lifecycle: options.lifecycle ?? browserLifecycle,
    random,
    limits,
    strict,
    quietMs: options.quietMs,
  });
  return { api, identity, realtime };
}

/** What carries events; by way of the tab that has the connection, where there are tabs. */
function makeTransport(url: string, options: ClientOptions, http: Http, identity: Identity): Transport {
  const { transport = "offered", shareTabs = true } = options;
  if (typeof transport === "function") return transport(http);
  const direct = directTransport(transport, options, http);
  if (!shareTabs || !isTabSharingSupported()) return direct;
  let shared: Transport | undefined;
  return lazyTransport(direct.name, async () => {
    try {
      const { browserTabPrimitives, sharedTransport } = await import("./tab-sharing/shared-transport.ts");
      const { clock } = http;
      return (shared ??= sharedTransport({
        transport: direct,
        primitives: browserTabPrimitives(),
        clock,
        identity,
        url,
      }));
    } catch {
      return direct; // The network is no reason to do without a connection of one's own.
    }
  });
}

function directTransport(kind: TransportKind, { strict = false }: ClientOptions, http: Http): Transport {
  const sse = sseTransport({ http, strict });
  const address = http.address(SOCKET_PATH).replace(/^http/, "ws");
  const loadSocket = async (): Promise<Transport> => {
    const { socketTransport } = await import("./transport/socket-transport.ts");
    return socketTransport({ address, clock: http.clock, strict, closeWhenFull: kind === "offered" });
  };
  switch (kind) {
    case "sse":
      return sse;
    case "websocket":
      return lazyTransport(kind, loadSocket);
    case "offered":
      return autoTransport({ http, sse, loadSocket });
  }
}
