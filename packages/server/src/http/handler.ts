import type { Server } from "bun";
import { notFound } from "../lib/api-error.ts";
import { AccessLine, principalName } from "./access-log.ts";
import type { ApiContext } from "./api-context.ts";
import { ApiRequest } from "./request.ts";
import { assertBodyLimit, DEFAULT_BODY_LIMIT } from "./body-bytes.ts";
import { createCors } from "./cors.ts";
import { errorResponse } from "./error-response.ts";
import { identify, isOutdated } from "./identify.ts";
import { requestId } from "./request-id.ts";
import { createRouter, get, type Route, UPGRADED } from "./route.ts";

const SECURITY_HEADERS = [
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-XSS-Protection", "1; mode=block"],
] as const;

/** Stands for every path and method that nothing is at. */
const NOWHERE = get("*", () => {
  throw notFound();
});

/** From a request to its endpoint, and from what that returns or throws to a response: the only catch of the server. */
export function createHandler(
  routes: readonly Route[],
  deps: ApiContext,
): (raw: Request, server: Server<unknown>) => Response | Promise<Response | undefined> {
  const find = createRouter(routes);
  const cors = createCors(deps.config.origins);

  const answer = async (raw: Request, server: Server<unknown>): Promise<Response | undefined> => {
    const id = requestId(raw);
    const url = new URL(raw.url);
    const line = new AccessLine(deps.logger, id, raw.method, url);
    let response: Response;
    try {
      const { route, params } = find(raw.method, url.pathname) ??
        deps.customRoutes.find(raw.method, url.pathname) ?? { route: NOWHERE, params: {} };
      const limit = route.bodyLimit?.(params, deps) ?? DEFAULT_BODY_LIMIT;
      const request = new ApiRequest(raw, server, url, params, id, deps.now(), limit, line);
      if (request.token !== "") {
        await identify(request, deps);
        line.principal = principalName(request.principal);
        request.onBody = async () => {
          while (isOutdated(request, deps)) await identify(request, deps);
        };
      }
      assertBodyLimit(raw, limit);
      const answered = await route.endpoint(request, deps);
      // Its route writes the line when the connection ends.
      if (answered === UPGRADED) return undefined;
      response = answered;
    } catch (error) {
      response = errorResponse(error, deps.logger, id);
    }
    addHeaders(response.headers, id, cors.allowed(raw.headers.get("origin")));
    line.status = response.status;
    // A stream goes on: its route writes the line when it ends.
    if (raw.method === "HEAD" || response.headers.get("content-type") !== "text/event-stream") line.write();
    return response;
  };
  return (raw, server) => (raw.method === "OPTIONS" ? cors.preflight(raw) : answer(raw, server));
}

/** Sets them on the response itself: wrapping it again would cost an event stream its direct way to the socket. */
function addHeaders(headers: Headers, id: string, origin: string | undefined): void {
  headers.append("Vary", "Origin");
  headers.set("X-Request-Id", id);
  if (origin !== undefined) headers.set("Access-Control-Allow-Origin", origin);
  for (const [name, value] of SECURITY_HEADERS) headers.set(name, value);
  // A file brings a policy of its own, and may stand in anybody's frame.
  if (!headers.has("Content-Security-Policy")) headers.set("X-Frame-Options", "SAMEORIGIN");
}
