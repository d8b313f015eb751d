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
import { sseTransport } from "./transport/sse.ts";

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
    transport: options.transport?.(http) ?? sseTransport({ http, strict }),
    environment: options.environment ?? browserEnvironment,
    random,
    limits,
    strict,
    quietMs: options.quietMs,
  });
  return { api, identity, realtime };
}
