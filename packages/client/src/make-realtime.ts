import { Api } from "./api.ts";
import type { Identity } from "./auth/identity.ts";
import type { ClientOptions } from "./client-options.ts";
import { systemClock } from "./clock.ts";
import { BACKOFF } from "./connection/backoff.ts";
import { browserEnvironment } from "./connection/environment.ts";
import type { ConnectionLimits } from "./connection/transitions.ts";
import { Http } from "./http.ts";
import { patience } from "./patience.ts";
import { Realtime } from "./realtime/realtime.ts";
import { canShare } from "./sharing/can-share.ts";
import { lazyTransport } from "./transport/lazy.ts";
import { sseTransport } from "./transport/sse.ts";
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
  const api = new Api(http, identity, patience(clock, random, limits));
  const realtime = new Realtime({
    api,
    transport: makeTransport(url, options, http, identity),
    environment: options.environment ?? browserEnvironment,
    random,
    limits,
    strict,
    quietMs: options.quietMs,
  });
  return { api, identity, realtime };
}

/** The app's own, or the server's stream, by way of the tab that has it where there are tabs. */
function makeTransport(
  url: string,
  { transport, strict = false, shareTabs = true }: ClientOptions,
  http: Http,
  identity: Identity,
): Transport {
  if (transport) return transport(http);
  const direct = sseTransport({ http, strict });
  if (!shareTabs || !canShare()) return direct;
  return lazyTransport(direct.name, () =>
    import("./sharing/shared-transport.ts").then(
      ({ browserPlatform, sharedTransport }) =>
        sharedTransport({ transport: direct, platform: browserPlatform(), clock: http.clock, identity, url }),
      () => direct, // The network is no reason to do without a connection of one's own.
    ),
  );
}
