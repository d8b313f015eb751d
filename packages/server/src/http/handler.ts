import type { Server } from "bun";
import { ApiError, notFound } from "../lib/api-error.ts";
import { AccessLogEntry, principalName } from "./access-log.ts";
import { assertBodyLimit, DEFAULT_BODY_LIMIT } from "./body/body-bytes.ts";
import type { TrustedProxy } from "./client-ip.ts";
import { createCors } from "./cors.ts";
import { errorResponse } from "./error-response.ts";
import { logFailedAuth } from "./failed-auth.ts";
import type { HttpContext } from "./http-context.ts";
import { ApiRequest } from "./request.ts";
import { requestId } from "./request-id.ts";
import { answerToPath, routedPath } from "./request-path.ts";
import { identify } from "./requester.ts";
import { assertMayActFrom } from "./superuser-address.ts";
import { type FindRoute, get, UPGRADED } from "./route.ts";

const SECURITY_HEADERS = [
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-XSS-Protection", "1; mode=block"],
] as const;

const NOT_FOUND = get("*", ({ raw }) => {
  // As PocketBase does for paths where it would serve files.
  throw notFound(raw.method === "GET" ? "File not found." : "");
});

export interface HandlerOptions<Context extends HttpContext> {
  readonly findRoute: FindRoute<Context>;
  /** Origins that browsers may call from; `*` and `?` are wildcards. */
  readonly origins: readonly string[];
  /** How a trusted proxy sends the client's address; read for each request. */
  readonly proxy: () => TrustedProxy;
  readonly context: Context;
}

export type Handler = (raw: Request, server: Server<unknown>) => Response | Promise<Response | undefined>;

/** Turns a request into a call of its route handler, and the result or the error into a response. */
export function createHandler<Context extends HttpContext>(options: HandlerOptions<Context>): Handler {
  const { findRoute, origins, proxy, context } = options;
  const cors = createCors(origins);

  const respond = async (raw: Request, url: URL, server: Server<unknown>): Promise<Response | undefined> => {
    const id = requestId(raw);
    const logEntry = new AccessLogEntry(context.logger, id, raw.method, url);
    let response: Response;
    let request: ApiRequest | undefined;
    let routeHeaders: Readonly<Record<string, string>> | undefined;
    try {
      const { route, params } = findRoute(raw.method, routedPath(url)) ?? { route: NOT_FOUND, params: {} };
      routeHeaders = route.headers;
      const limit = route.bodyLimit?.(params, context) ?? DEFAULT_BODY_LIMIT;
      const { bodies } = context;
      request = new ApiRequest(raw, server, url, params, id, context.now(), limit, bodies, logEntry, proxy());
      if (request.token !== "") await identifySender(request, context);
      assertBodyLimit(raw, limit);
      const result = await route.handler(request, context);
      // The connection writes its log entry when it ends.
      if (result === UPGRADED) return undefined;
      response = result;
    } catch (error) {
      if (isTooLarge(error)) context.bodies.refused("limit_body_bytes");
      response = errorResponse(error, context.logger, id);
    } finally {
      void request?.release()?.catch((error: unknown) => context.logger.error({ err: error }, "cleanup failed"));
    }
    if (routeHeaders) setHeaders(response.headers, routeHeaders);
    addHeaders(response.headers, id, cors.allowed(raw.headers.get("origin")));
    logEntry.status = response.status;
    // An event stream writes its log entry when it ends.
    if (raw.method === "HEAD" || response.headers.get("content-type") !== "text/event-stream") logEntry.write();
    return response;
  };
  const describe = (raw: Request, url: URL): Response => {
    const response = cors.preflight(raw);
    setHeaders(response.headers, findRoute("POST", routedPath(url))?.route.headers ?? {});
    return response;
  };
  return (raw, server) => {
    const url = urlOf(raw);
    return answerToPath(raw.method, url) ?? (raw.method === "OPTIONS" ? describe(raw, url) : respond(raw, url, server));
  };
}

function setHeaders(headers: Headers, added: Readonly<Record<string, string>>): void {
  for (const name in added) headers.set(name, added[name]!);
}

/** A body of too many bytes has no other detail, as in PocketBase. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 413 && Object.keys(error.data).length === 0;

/**
 * The request's URL. Without a usable `Host` header, as in HTTP/1.0, only the path of `raw.url` is true, and its host is
 * missing or can't be parsed.
 */
function urlOf(raw: Request): URL {
  const url = URL.parse(raw.url);
  // Not `new URL(path, base)`: the path `//a/b` would become a host.
  return url ?? new URL(`http://localhost${raw.url.replace(/^https?:\/\/[^/?]*/, "")}`);
}

/** The body may take its time, so the sender is identified again after it has arrived. */
async function identifySender(request: ApiRequest, context: HttpContext): Promise<void> {
  await identify(request, context);
  if (request.principal.kind === "guest") logFailedAuth(context.logger, request, "the token is not valid");
  request.logEntry.principal = principalName(request.principal);
  assertMayActFrom(request.ip, request.principal, context);
  request.onBodyReceived = async () => {
    await identify(request, context);
  };
}

/** Sets the headers on the response itself: a copy would cost an event stream its direct path to the socket. */
function addHeaders(headers: Headers, id: string, origin: string | undefined): void {
  headers.append("Vary", "Origin");
  headers.set("X-Request-Id", id);
  if (origin !== undefined) headers.set("Access-Control-Allow-Origin", origin);
  for (const [name, value] of SECURITY_HEADERS) headers.set(name, value);
  // Files bring their own policy and may be embedded anywhere.
  if (!headers.has("Content-Security-Policy")) headers.set("X-Frame-Options", "SAMEORIGIN");
}
