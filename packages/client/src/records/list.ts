import type { Api } from "../api.ts";
import { HeadwaterError } from "../errors.ts";
import type { QueryValue, RequestOptions } from "../http.ts";
import { CURSOR_HEADER, recordsPath } from "./records-endpoint.ts";
import type { RecordModel } from "../realtime/events.ts";
import { type ExpandPath, joinNames, type OneOrMore, type ShownField, type SortKey } from "../schema.ts";

/** Options for the contents of returned records. */
export interface ViewOptions<T = RecordModel> {
  /** Relations to expand, and relations of those: `["author", "comments.author"]`. */
  readonly expand?: OneOrMore<ExpandPath<T>> | undefined;
  /** Fields to include. Default: all. */
  readonly fields?: OneOrMore<ShownField<T>> | undefined;
  /** Includes the version of each record, which `versionOf` reads. Headwater servers only. */
  readonly withVersion?: boolean | undefined;
  /** For `@request.query.*` of the rules. */
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WriteOptions<T = RecordModel> extends ViewOptions<T> {
  /** Writes only if the record has this version; otherwise fails with `conflict`. Headwater servers only. */
  readonly ifMatch?: string | undefined;
}

export interface ListOptions<T = RecordModel> extends ViewOptions<T> {
  /** From 1. */
  readonly page?: number | undefined;
  /** Default: 30, at most 1000. */
  readonly perPage?: number | undefined;
  /** Sort fields, with `-` for descending order: `["-created", "title"]`. */
  readonly sort?: OneOrMore<SortKey<T>> | undefined;
  /** Insert values with `filter`, never by string concatenation. */
  readonly filter?: string | undefined;
  /** Words, `"phrases"`, `begin*` and `-not`, looked for in the collection's search index. Headwater servers only. */
  readonly search?: string | undefined;
  /** Includes where the search found something, which `snippetsOf` reads. */
  readonly withSnippets?: boolean | undefined;
  /** Faster: doesn't count the records. The totals are then -1. */
  readonly skipTotal?: boolean | undefined;
  /** How to count: `cached` counts only after changes, `bounded:1000` no further than 1000. Headwater servers only. */
  readonly total?: "exact" | "cached" | `bounded:${number}` | undefined;
}

export interface Page<T> {
  readonly page: number;
  readonly perPage: number;
  readonly totalItems: number;
  readonly totalPages: number;
  /** With `total: "bounded:…"`: whether there are no more than `totalItems`. */
  readonly totalIsExact?: boolean;
  readonly items: readonly T[];
  /** The cursor of the page. A subscription from there misses nothing. Headwater servers only. */
  readonly cursor: string | undefined;
}

/** `ViewOptions` without types. */
export interface LooseViewOptions {
  readonly expand?: OneOrMore<string> | undefined;
  readonly fields?: OneOrMore<string> | undefined;
  readonly withVersion?: boolean | undefined;
  readonly ifMatch?: string | undefined;
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The query parameters of `ViewOptions`. */
export const viewQuery = ({
  query,
  expand,
  fields,
  withVersion,
}: LooseViewOptions): Readonly<Record<string, QueryValue>> => ({
  ...query,
  expand: joinNames(expand),
  fields: joinNames(fields),
  withVersion,
});

/** The headers of `WriteOptions`. */
export const writeHeaders = ({ headers, ifMatch }: LooseViewOptions): Readonly<Record<string, string>> | undefined =>
  ifMatch === undefined ? headers : { ...headers, "If-Match": `"${ifMatch}"` };

/** The version of a record that was read with `withVersion`, for `ifMatch`. */
export const versionOf = (record: object): string | undefined => (record as Record<string, string>)["@version"];

/** By field, the text where a search found something: HTML, with each match in `<mark>`. */
export const snippetsOf = (record: object): Readonly<Record<string, string>> =>
  (record as Record<string, Record<string, string>>)["@snippets"] ?? {};

/** Options of `aggregate`. */
export interface AggregateOptions {
  /** `count`, `sum(price)`, `avg`, `min`, `max`, `count(distinct author)`; `total:sum(price)` is named `total`. */
  readonly select?: OneOrMore<string> | undefined;
  /** Fields to group by, also of related records: `author.name`. */
  readonly groupBy?: OneOrMore<string> | undefined;
  /** Insert values with `filter`, never by string concatenation. */
  readonly filter?: string | undefined;
  /** A condition on the groups and values of the result: `count > 5`. */
  readonly having?: string | undefined;
  /** Groups and values of the result: `["-count", "status"]`. */
  readonly sort?: OneOrMore<string> | undefined;
  readonly page?: number | undefined;
  readonly perPage?: number | undefined;
  readonly skipTotal?: boolean | undefined;
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of `history`. */
export interface HistoryOptions {
  /** Default: 30, at most 1000. */
  readonly perPage?: number | undefined;
  /** Only versions before this one. */
  readonly before?: number | undefined;
}

/** One change of a record. */
export interface HistoryEntry {
  readonly version: number;
  readonly time: string;
  readonly action: "create" | "update" | "delete" | "restore";
  /** `account`, with its `collectionId` and `id`; `guest`, or `app` for the application. */
  readonly by: { readonly kind: string; readonly collectionId?: string; readonly id?: string };
  /** By field. */
  readonly changes: Readonly<Record<string, { readonly old: unknown; readonly new: unknown }>>;
}

/** For each group, its fields and values by their keys. */
export type AggregateRow = Readonly<Record<string, unknown>>;

/** The type of the items is not checked. */
export function listRecords<T>(
  api: Api,
  collection: string,
  options: ListOptions = {},
  kind = "records",
): Promise<Page<T>> {
  const { signal, headers, sort, expand, fields, query, ...params } = options;
  const all = { ...viewQuery({ query, expand, fields }), ...params, sort: joinNames(sort) };
  return requestPage(api, recordsPath(collection).replace(/records$/, kind), { query: all, headers, signal });
}

export function aggregateRecords(
  api: Api,
  collection: string,
  { signal, headers, query, select, groupBy, sort, ...params }: AggregateOptions = {},
): Promise<Page<AggregateRow>> {
  const names = { select: joinNames(select), groupBy: joinNames(groupBy), sort: joinNames(sort) };
  const path = recordsPath(collection).replace(/records$/, "aggregate");
  return requestPage(api, path, { query: { ...query, ...params, ...names }, headers, signal });
}

async function requestPage<T>(api: Api, path: string, options: RequestOptions): Promise<Page<T>> {
  const response = await api.request("GET", path, options);
  const body = response.body as Omit<Page<T>, "cursor"> | undefined;
  if (!Array.isArray(body?.items)) throw new HeadwaterError("malformed", "the response is not a list");
  return { ...body, cursor: response.headers.get(CURSOR_HEADER) ?? undefined };
}
