import type { ApiRequest } from "../../http/request.ts";
import { jsonAs, noContent } from "../../http/responses.ts";
import type { Params, Route } from "../../http/route.ts";
import { type Caller, callerOf } from "../records/caller.ts";

export type Method = Route["method"];

/** The parameters that a path names. */
type ParamsOf<P extends string> = string extends P ? Params : { readonly [K in NamesIn<P>]: string };

type NamesIn<P extends string> = P extends `${infer Segment}/${infer Rest}`
  ? NameOf<Segment> | NamesIn<Rest>
  : NameOf<P>;
type NameOf<Segment extends string> = Segment extends `:${infer Name}` ? Name : never;

/** A request to a route of the application's. */
export interface RouteRequest<P extends string = string> {
  /** The platform's own; its body is read by `json` and `files`, or here. */
  readonly raw: Request;
  readonly url: URL;
  /** The path's parameters, decoded. */
  readonly params: ParamsOf<P>;
  /** The first value of each parameter of the URL. */
  readonly query: Readonly<Record<string, string>>;
  /** Who asks. */
  readonly caller: Caller;
  /** The client's address. */
  readonly ip: string;
  /**
   * What the body says, of JSON or of a form; `undefined` for none.
   * @throws ApiError 400 for one that can't be read, 413 for one above 32 MiB
   */
  json(): Promise<unknown>;
  /** The files of a multipart form, by the name of their part. */
  files(): Promise<ReadonlyMap<string, readonly File[]>>;
}

/** Answers with a response, a value that goes as JSON, or nothing at all (204). What it throws is answered as any error. */
export type RouteHandler<P extends string> = (request: RouteRequest<P>) => unknown;

export const routeOf = <P extends string>(method: Method, path: P, handler: RouteHandler<P>): Route => ({
  method,
  path,
  endpoint: async (request) => answer(await handler(requestOf<P>(request))),
});

function requestOf<P extends string>(request: ApiRequest): RouteRequest<P> {
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

function answer(result: unknown): Response {
  if (result instanceof Response) return result;
  return result === undefined ? noContent() : jsonAs(200, result);
}
