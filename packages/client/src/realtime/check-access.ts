import type { Api } from "../api.ts";
import type { HeadwaterError } from "../errors.ts";
import type { QueryValue } from "../http.ts";
import { CURSOR_HEADER, recordsPath } from "../records/records-endpoint.ts";
import type { TopicOptions } from "./topic.ts";

/** A request under the same rule as a subscription. */
export interface AccessCheck {
  readonly path: string;
  readonly query: Readonly<Record<string, QueryValue>>;
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/**
 * Checks whether the collection exists, its rule allows this user, and the filter is valid. PocketBase's realtime
 * protocol reports none of that: a subscription that isn't allowed would stay silent.
 *
 * @returns the cursor of the response; a subscription from there misses nothing
 * @throws HeadwaterError if the server rejects the request
 */
export const checkAccess = (
  api: Api,
  { path, query, headers }: AccessCheck,
  isWanted: () => boolean,
  onRetry: (error: HeadwaterError) => void,
): Promise<string | undefined> =>
  api.retry(
    async () => {
      const response = await api.request("GET", path, { query, headers });
      return response.headers.get(CURSOR_HEADER) ?? undefined;
    },
    isWanted,
    onRetry,
  );

/** Lists at most one record, with its id only. */
export const listAccessCheck = (
  collection: string,
  { filter, search, headers, query }: Pick<TopicOptions, "filter" | "search" | "headers" | "query">,
): AccessCheck => ({
  path: recordsPath(collection),
  query: { ...query, page: 1, perPage: 1, skipTotal: true, fields: "id", filter, search },
  headers,
});

export const recordAccessCheck = (
  collection: string,
  id: string,
  { headers, query }: Pick<TopicOptions, "headers" | "query">,
): AccessCheck => ({
  path: `${recordsPath(collection)}/${encodeURIComponent(id)}`,
  query: { ...query, fields: "id" },
  headers,
});
