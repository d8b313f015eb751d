import type { Api } from "../api.ts";
import { HeadwaterError } from "../errors.ts";
import type { QueryValue } from "../http.ts";
import { CURSOR_HEADER, recordsPath } from "../realtime/check-access.ts";
import type { RecordModel } from "../realtime/events.ts";
import { type ExpandPath, joinNames, type OneOrMore, type ShownField, type SortKey } from "../schema.ts";

/** What an answer shows of records. */
export interface ViewOptions<T = RecordModel> {
  /** Relations to be shown with the record, and relations of those: `["author", "comments.author"]`. */
  readonly expand?: OneOrMore<ExpandPath<T>> | undefined;
  /** Fields to be shown; all by default. */
  readonly fields?: OneOrMore<ShownField<T>> | undefined;
  /** For `@request.query.*` of the rules. */
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListOptions<T = RecordModel> extends ViewOptions<T> {
  /** From 1. */
  readonly page?: number | undefined;
  /** 30 unless told otherwise, 1000 at most. */
  readonly perPage?: number | undefined;
  /** One field after the other, downwards with `-`: `["-created", "title"]`. */
  readonly sort?: OneOrMore<SortKey<T>> | undefined;
  /** Write values with `filter`, never by joining texts. */
  readonly filter?: string | undefined;
  /** Leaves the totals out, which are then -1: the list is found faster. */
  readonly skipTotal?: boolean | undefined;
}

export interface Page<T> {
  readonly page: number;
  readonly perPage: number;
  readonly totalItems: number;
  readonly totalPages: number;
  readonly items: readonly T[];
  /** Of which moment of the server's log the page is: to subscribe from there leaves no hole. Headwater servers only. */
  readonly cursor: string | undefined;
}

/** `ViewOptions`, where nothing is known of the record. */
export interface LooseViewOptions {
  readonly expand?: OneOrMore<string> | undefined;
  readonly fields?: OneOrMore<string> | undefined;
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The parameters of what an answer shows. */
export const viewQuery = ({ query, expand, fields }: LooseViewOptions): Readonly<Record<string, QueryValue>> => ({
  ...query,
  expand: joinNames(expand),
  fields: joinNames(fields),
});

/** The type of the items is the caller's claim. */
export async function listRecords<T>(api: Api, collection: string, options: ListOptions = {}): Promise<Page<T>> {
  const { signal, headers, sort, expand, fields, query, ...params } = options;
  const answer = await api.request("GET", recordsPath(collection), {
    query: { ...viewQuery({ query, expand, fields }), ...params, sort: joinNames(sort) },
    headers,
    signal,
  });
  const body = answer.body as Omit<Page<T>, "cursor"> | undefined;
  if (!Array.isArray(body?.items)) throw new HeadwaterError("malformed", "the answer is no list");
  return { ...body, cursor: answer.headers.get(CURSOR_HEADER) ?? undefined };
}
