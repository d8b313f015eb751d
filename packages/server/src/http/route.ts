import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";
import type { ApiRequest, Params } from "./request.ts";

/** Returned instead of a response when the connection has changed to another protocol. */
export const UPGRADED = Symbol("upgraded");
export type RouteResult = Response | typeof UPGRADED;

/** Answers a request, or throws an error that becomes the response. */
export type RouteHandler<Context> = (request: ApiRequest, context: Context) => RouteResult | Promise<RouteResult>;

export interface RouteOptions<Context> {
  /** The largest body that the route accepts, in bytes; 32 MiB by default. */
  readonly bodyLimit?: (params: Params, context: Context) => number;
}

export interface Route<Context = unknown> extends RouteOptions<Context> {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** `:name` matches one segment. */
  readonly path: string;
  readonly handler: RouteHandler<Context>;
}

/** The route for a method and path, with the path's decoded parameters. */
export type FindRoute<Context = unknown> = (
  method: string,
  path: string,
) => { readonly route: Route<Context>; readonly params: Params } | undefined;

const route =
  (method: Route["method"]) =>
  <Context>(path: string, handler: RouteHandler<Context>, options: RouteOptions<Context> = {}): Route<Context> => ({
    method,
    path,
    handler,
    ...options,
  });

/** Also answers HEAD. */
export const get = route("GET");
export const post = route("POST");
export const patch = route("PATCH");
export const put = route("PUT");
export const del = route("DELETE");

/** If several routes match, the first in the list wins. */
export function createRouter<Context>(routes: readonly Route<Context>[]): FindRoute<Context> {
  const router = new SmartRouter<Route<Context>>({ routers: [new RegExpRouter(), new TrieRouter()] });
  for (const each of routes) router.add(each.method, each.path, each);
  return (method, path) => {
    const [matches, stash] = router.match(method === "HEAD" ? "GET" : method, path);
    const match = matches[0];
    if (!match) return undefined;
    const params = Object.entries(match[1]).map(([name, value]) => [
      name,
      decodeSegment(typeof value === "number" ? (stash?.[value] ?? "") : value),
    ]);
    return { route: match[0], params: Object.fromEntries(params) };
  };
}

/** Decodes a segment of a path. */
export function decodeSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    // No text, so no name of anything.
    return "\u{fffd}";
  }
}
