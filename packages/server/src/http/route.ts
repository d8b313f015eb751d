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
  /** Headers of every answer, errors included. */
  readonly headers?: Readonly<Record<string, string>>;
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
  // Beside parameters in the same place, fixed paths would be too much for the fast one of the routers.
  const fixed = new Map<string, Route<Context>>();
  for (const [index, each] of routes.entries()) {
    const key = `${each.method} ${each.path}`;
    const isFree = isFixed(each.path) && !routes.slice(0, index).some((earlier) => mayMatch(earlier, each));
    if (isFree) fixed.set(key, each);
    else if (!fixed.has(key)) router.add(each.method, each.path, each);
  }
  return (sent, path) => {
    const method = sent === "HEAD" ? "GET" : sent;
    const known = fixed.get(`${method} ${path}`);
    if (known) return { route: known, params: NO_PARAMS };
    const [matches, stash] = router.match(method, path);
    const match = matches[0];
    if (!match) return undefined;
    const params: Record<string, string> = {};
    for (const name in match[1]) {
      const value = match[1][name]!;
      params[name] = decodeSegment(typeof value === "number" ? (stash?.[value] ?? "") : value);
    }
    return { route: match[0], params };
  };
}

const NO_PARAMS: Params = {};

const isFixed = (path: string): boolean => !/[:*]/.test(path);

/** Whether a route may match the fixed path of another. */
function mayMatch(other: Route<never>, { method, path }: Route<never>): boolean {
  if (other.method !== method) return false;
  if (/[*?{]/.test(other.path)) return true;
  const [segments, others] = [other.path.split("/"), path.split("/")];
  return (
    segments.length === others.length &&
    segments.every((segment, index) => segment.startsWith(":") || segment === others[index])
  );
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
