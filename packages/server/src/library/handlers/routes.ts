import type { ApiRequest, Params } from "../../http/request.ts";
import { jsonAs, noContent } from "../../http/responses.ts";
import { type CodeLimits, runLimited } from "../../lib/scheduling/code-limits.ts";
import type { Route } from "../../http/route.ts";
import { type Caller, callerOf } from "../records/caller.ts";

export type Method = Route["method"];

/** The parameters in a path. */
type ParamsOf<P extends string> = string extends P ? Params : { readonly [K in NamesIn<P>]: string };

type NamesIn<P extends string> = P extends `${infer Segment}/${infer Rest}`
  ? NameOf<Segment> | NamesIn<Rest>
  : NameOf<P>;
type NameOf<Segment extends string> = Segment extends `:${infer Name}` ? Name : never;

/** A request to one of the application's routes. */
export interface RouteRequest<P extends string = string> {
  /** The platform's `Request`. Read the body here or by `json` and `files`, not both. */
  readonly raw: Request;
  readonly url: URL;
  /** The decoded path parameters. */
  readonly params: ParamsOf<P>;
  /** The first value of each query parameter. */
  readonly query: Readonly<Record<string, string>>;
  /** Who makes the request. */
  readonly caller: Caller;
  /** The client's address. */
  readonly ip: string;
  /**
   * The body, from JSON or a form; `undefined` if it is empty.
   * @throws ApiError 400 if it can't be parsed, 413 if it is larger than 32 MiB
   */
  json(): Promise<unknown>;
  /** The files of a multipart form, by part name. */
  files(): Promise<ReadonlyMap<string, readonly File[]>>;
}

/** Returns a `Response`, a value that is sent as JSON, or `undefined` for 204. Errors become responses as in the API. */
export type RouteHandler<P extends string> = (request: RouteRequest<P>) => unknown;

export const toRoute = <P extends string>(
  method: Method,
  path: P,
  handler: RouteHandler<P>,
  limits: CodeLimits,
): Route => ({
  method,
  path,
  handler: async (request) => {
    const call = (): unknown => handler(toRouteRequest<P>(request));
    return toResponse(await runLimited(`the route ${method} ${path}`, { ...limits, waitMs: 0 }, call));
  },
});

function toRouteRequest<P extends string>(request: ApiRequest): RouteRequest<P> {
  let caller: Caller | undefined;
  return {
    raw: request.raw,
    url: request.url,
    params: request.params as ParamsOf<P>,
    query: request.query,
    get caller() {
      return (caller ??= callerOf(request.principal));
    },
    get ip() {
      return request.ip;
    },
    json: () => request.json(),
    files: () => request.uploads(),
  };
}

function toResponse(result: unknown): Response {
  if (result instanceof Response) return result;
  return result === undefined ? noContent() : jsonAs(200, result);
}
