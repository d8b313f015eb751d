import type { Api } from "../api.ts";
import type { QueryValue } from "../http.ts";
import type { TopicOptions } from "./topic.ts";

/** What a subscription is held to before it is made: a request that is under the same rule. */
export interface AccessCheck {
  readonly path: string;
  readonly query: Readonly<Record<string, QueryValue>>;
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** The header in which a Headwater server says of which place in its log a list is. */
export const CURSOR_HEADER = "headwater-cursor";

/**
 * Asks what PocketBase's protocol never answers: whether there is such a collection, whether its rule lets this user in at
 * all, whether the filter can be read. A subscription to what is refused would be silent for ever.
 *
 * @returns the place in the log that the answer is of: to subscribe from there leaves no hole
 * @throws HeadwaterError with the server's refusal
 */
export const checkAccess = (
  api: Api,
  { path, query, headers }: AccessCheck,
  isWanted: () => boolean,
): Promise<string | undefined> =>
  api.retry(async () => {
    const answer = await api.request("GET", path, { query, headers });
    return answer.headers.get(CURSOR_HEADER) ?? undefined;
  }, isWanted);

export const recordsPath = (collection: string): string => `/api/collections/${encodeURIComponent(collection)}/records`;

/** One record of the list at most, and of that the id alone. */
export const listAccessCheck = (
  collection: string,
  { filter, headers, query }: Pick<TopicOptions, "filter" | "headers" | "query">,
): AccessCheck => ({
  path: recordsPath(collection),
  query: { ...query, page: 1, perPage: 1, skipTotal: true, fields: "id", filter },
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
