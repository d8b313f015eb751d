import type { Server } from "bun";
import { ApiError } from "../lib/api-error.ts";
import { drawRetryAfter } from "../transports/retry.ts";
import type { ApiContext } from "../http/api-context.ts";
import { createHandler } from "../http/handler.ts";
import { jsonAs } from "../http/responses.ts";
import { routes } from "./routes.ts";

/** The HTTP side of the server. */
export interface Api {
  fetch(request: Request, server: Server<unknown>): Response | Promise<Response | undefined>;
  /** Refuses new requests from now on: 503, with the advice to come back. */
  drain(): void;
  /** Resolves when no endpoint is at work any more, or after `milliseconds`. Open streams are not waited for. */
  idle(milliseconds: number): Promise<void>;
}

export function createApi(deps: ApiContext): Api {
  const handle = createHandler(routes, deps);
  let atWork = 0;
  let draining = false;
  let whenIdle: (() => void) | undefined;

  const done = (): void => {
    atWork -= 1;
    if (atWork === 0) whenIdle?.();
  };

  return {
    fetch(request, server) {
      if (draining) return unavailable();
      const response = handle(request, server);
      if (response instanceof Promise) {
        atWork += 1;
        void response.then(done, done);
      }
      return response;
    },
    drain() {
      draining = true;
    },
    async idle(milliseconds) {
      if (atWork === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      whenIdle = resolve;
      const timer = setTimeout(resolve, milliseconds);
      await promise;
      clearTimeout(timer);
    },
  };
}

function unavailable(): Response {
  const response = jsonAs(503, new ApiError(503).toBody());
  response.headers.set("Retry-After", String(drawRetryAfter(1, 5)));
  // Or the client would ask again on a connection that is about to be closed.
  response.headers.set("Connection", "close");
  return response;
}
