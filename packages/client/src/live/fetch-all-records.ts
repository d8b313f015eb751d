import { type Cursor, formatCursor, parseCursor } from "@headwater/protocol";
import type { Api } from "../api.ts";
import { filter as write } from "../records/filter.ts";
import { listRecords, type ListOptions } from "../records/list.ts";
import { compareTexts } from "./compare-records.ts";

export interface FetchedRecords<T> {
  readonly records: readonly T[];
  /** The place that the first page is of: everything behind it comes over the stream. Absent where there is no log. */
  readonly since: string | undefined;
  /** Whether the list shows a change of this record already: later pages are of later moments. */
  readonly includes: (id: string, cursor: string | undefined) => boolean;
}

/** Records of a page: as many as a server gives. */
const PER_PAGE = 1_000;

/**
 * Reads a whole list in the order of the ids, each page from the last id of the one before: however many write meanwhile,
 * no record that stays in the list is skipped, as it would be by numbered pages.
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
      const [at, cursor] = [cursorOf(id), parseCursor(text ?? "")];
      return at !== undefined && cursor !== undefined && at.epoch === cursor.epoch && cursor.seq <= at.seq;
    },
  };
}

function filterAfter(filter: string | undefined, last: string | undefined): string | undefined {
  if (last === undefined) return filter;
  const rest = write`id > ${last}`;
  return filter ? `(${filter}) && ${rest}` : rest;
}
