import type { CustomRoutes } from "../http/custom-routes.ts";
import type { TrustedProxy } from "../http/client-ip.ts";
import { createHandler, type Handler } from "../http/handler.ts";
import { jsonAs } from "../http/responses.ts";
import { ApiError } from "../lib/api-error.ts";
import { randomRetryAfter } from "../transports/retry.ts";
import type { ApiContext } from "./api-context.ts";
import { findBuiltInRoute } from "./routes.ts";

/** The HTTP side of the server. */
export interface Api {
  readonly fetch: Handler;
  /** Refuses new requests from now on, with 503 and a `Retry-After`. */
  drain(): void;
  /** Resolves when no route handler runs any more, or after `milliseconds`. Does not wait for open streams. */
  idle(milliseconds: number): Promise<void>;
}

export function createApi(context: ApiContext, customRoutes: CustomRoutes): Api {
  const handle = createHandler({
    findRoute: (method, path) => findBuiltInRoute(method, path) ?? customRoutes.find(method, path),
    origins: context.config.origins,
    proxy: () => trustedProxy(context),
    context,
  });
  let running = 0;
  let isDraining = false;
  let onIdle: (() => void) | undefined;

  const finished = (): void => {
    running -= 1;
    if (running === 0) onIdle?.();
  };

  return {
    fetch(request, server) {
      if (isDraining) return unavailable();
      const response = handle(request, server);
      if (response instanceof Promise) {
        running += 1;
        void response.then(finished, finished);
      }
      return response;
    },
    drain() {
      isDraining = true;
    },
    async idle(milliseconds) {
      if (running === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      onIdle = resolve;
      const timer = setTimeout(resolve, milliseconds);
      await promise;
      clearTimeout(timer);
    },
  };
}

/** The flag takes precedence over the setting. */
const trustedProxy = ({ config, settings }: ApiContext): TrustedProxy =>
  config.proxyHeaders.length > 0
    ? { headers: config.proxyHeaders, useLeftmostIP: false }
    : settings.current.trustedProxy;

function unavailable(): Response {
  const response = jsonAs(503, new ApiError(503).toBody());
  response.headers.set("Retry-After", String(randomRetryAfter(1, 5)));
  // Otherwise the client would retry on a connection that is about to close.
  response.headers.set("Connection", "close");
  return response;
}
