import { type Cursor, formatCursor, parseCursor } from "@headwater/protocol";
import type { Api } from "../api.ts";
import { filter as filterTag } from "../records/filter.ts";
import { listRecords, type ListOptions } from "../records/list.ts";
import { compareTexts } from "./compare-records.ts";

export interface FetchedRecords<T> {
  readonly records: readonly T[];
  /** The cursor of the first page: follow the list from here. `undefined` if the server keeps no log. */
  readonly since: string | undefined;
  /** Whether the list already includes a change of this record, because later pages have later cursors. */
  readonly includes: (id: string, cursor: string | undefined) => boolean;
}

/** The largest page that servers allow. */
const PER_PAGE = 1_000;

/**
 * Fetches a whole list in order of id. Each page starts after the last id of the previous page, so that concurrent
 * writes can't make it skip records, as they can with page numbers.
 */
export async function fetchAllRecords<T extends { readonly id: string }>(
  api: Api,
  collection: string,
  options: Omit<ListOptions, "page" | "perPage" | "sort" | "skipTotal">,
  perPage = PER_PAGE,
): Promise<FetchedRecords<T>> {
  const records: T[] = [];
  const pages: { readonly upTo: string | undefined; readonly cursor: Cursor | undefined }[] = [];
  for (let last: string | undefined; ;) {
    const page = await listRecords<T>(api, collection, {
      ...options,
      filter: filterAfter(options.filter, last),
      sort: "id",
      perPage,
      skipTotal: true,
    });
    records.push(...page.items);
    const isLast = page.items.length < perPage;
    last = page.items.at(-1)?.id;
    pages.push({ upTo: isLast ? undefined : last, cursor: parseCursor(page.cursor ?? "") });
    if (isLast) break;
  }
  const cursorOf = (id: string): Cursor | undefined =>
    pages.find(({ upTo }) => upTo === undefined || compareTexts(id, upTo) <= 0)?.cursor;
  const first = pages[0]?.cursor;
  return {
    records,
    since: first && formatCursor(first),
    includes(id, text) {
      const [listed, cursor] = [cursorOf(id), parseCursor(text ?? "")];
      return listed !== undefined && cursor !== undefined && listed.epoch === cursor.epoch && cursor.seq <= listed.seq;
    },
  };
}

function filterAfter(filter: string | undefined, last: string | undefined): string | undefined {
  if (last === undefined) return filter;
  const next = filterTag`id > ${last}`;
  return filter ? `(${filter}) && ${next}` : next;
}
