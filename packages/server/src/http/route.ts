import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";
import { badRequest } from "../lib/api-error.ts";
import type { ApiContext } from "./api-context.ts";
import type { ApiRequest } from "./request.ts";

/** In place of a response: the connection speaks another protocol from now on. */
export const UPGRADED = Symbol("upgraded");
export type Answer = Response | typeof UPGRADED;

/** Answers a request, or throws what the handler makes an answer of. */
export type Endpoint = (request: ApiRequest, deps: ApiContext) => Answer | Promise<Answer>;

export interface RouteOptions {
  /** Bytes that the body may have; 32 MiB unless it is given. */
  readonly bodyLimit?: (params: Params, deps: ApiContext) => number;
}

export interface Route extends RouteOptions {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** `:name` stands for one segment of the path. */
  readonly path: string;
  readonly endpoint: Endpoint;
}

/** The route of a method and path, with the path's parameters. */
export type FindRoute = (
  method: string,
  path: string,
) => { readonly route: Route; readonly params: Params } | undefined;

export type Params = Readonly<Record<string, string>>;

const route =
  (method: Route["method"]) =>
  (path: string, endpoint: Endpoint, options: RouteOptions = {}): Route => ({ method, path, endpoint, ...options });

/** Also answers HEAD. */
export const get = route("GET");
export const post = route("POST");
export const patch = route("PATCH");
export const put = route("PUT");
export const del = route("DELETE");

/** Finds the route of a method and path with the path's parameters; of two that match, the first of the list. */
export function createRouter(routes: readonly Route[]): FindRoute {
  const router = new SmartRouter<Route>({ routers: [new RegExpRouter(), new TrieRouter()] });
  for (const each of routes) router.add(each.method, each.path, each);
  return (method, path) => {
    const [matches, stash] = router.match(method === "HEAD" ? "GET" : method, path);
    const match = matches[0];
    if (!match) return undefined;
    const params = Object.entries(match[1]).map(([name, value]) => [
      name,
      decode(typeof value === "number" ? (stash?.[value] ?? "") : value),
    ]);
    return { route: match[0], params: Object.fromEntries(params) };
  };
}

function decode(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    throw badRequest("", {}, error);
  }
}
