import { cursorScope } from "@headwater/protocol";
import type { Api } from "../api.ts";
import { filter as filterTag } from "../records/filter.ts";
import { listRecords, type ListOptions } from "../records/list.ts";

export interface FetchedRecords<T> {
  readonly records: readonly T[];
  /**
   * The cursor of the first page: follow the list from here. Later pages may include some of the changes that follow; after
   * the last of them the list is exact. `undefined` if the server keeps no log.
   */
  readonly since: string | undefined;
}

/** The largest page that servers allow. */
const PER_PAGE = 1_000;

/**
 * Fetches a whole list in order of id. Each page starts after the last id of the previous page, so that concurrent writes
 * can't make it skip records, as they can with page numbers.
 */
export async function fetchAllRecords<T extends { readonly id: string }>(
  api: Api,
  collection: string,
  options: Omit<ListOptions, "page" | "perPage" | "sort" | "skipTotal">,
  perPage = PER_PAGE,
): Promise<FetchedRecords<T>> {
  const records: T[] = [];
  let since: string | undefined;
  for (let last: string | undefined; ;) {
    const page = await listRecords<T>(api, collection, {
      ...options,
      filter: filterAfter(options.filter, last),
      sort: "id",
      perPage,
      skipTotal: true,
    });
    records.push(...page.items);
    if (last === undefined && cursorScope(page.cursor)) since = page.cursor;
    last = page.items.at(-1)?.id;
    if (page.items.length < perPage) return { records, since };
  }
}

function filterAfter(filter: string | undefined, last: string | undefined): string | undefined {
  if (last === undefined) return filter;
  const next = filterTag`id > ${last}`;
  return filter ? `(${filter}) && ${next}` : next;
}
