import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { badRequest, forbidden } from "../../lib/api-error.ts";
import { isSuperuser } from "../../rules/principal.ts";
import type { Query } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { readRow } from "../model/columns.ts";
import { dependsOnTime } from "./depends-on-time.ts";
import { parseListParams } from "./list-params.ts";
import { type ListStatements, listStatements } from "./list-statements.ts";
import type { RecordContext } from "../model/record-context.ts";
import { boundedCount, countsAlone, readTotalMode, type TotalMode } from "./list-total.ts";
import { readSnippets, searchOf } from "./search-list.ts";
import { ruleFor } from "./select-records.ts";
import { isUnreadableRule } from "./unreadable-rule.ts";

export interface RecordPage {
  readonly items: readonly RecordValues[];
  readonly page: number;
  readonly perPage: number;
  /** -1 if the request skips the count. */
  readonly totalItems: number;
  readonly totalPages: number;
  /** Set if the request bounds the count: whether there are no more than `totalItems`. */
  readonly totalIsExact?: boolean;
  /** What to show with the items: the snippets of a search, if the request asks for them. */
  readonly extras?: ReadonlyMap<RecordValues, Readonly<Record<string, unknown>>>;
}

/**
 * A page of the records that meet the list rule.
 *
 * @param reader one snapshot, so that the count and the page agree
 * @param query the request's parameters: page, perPage, skipTotal, total, sort, filter, search
 * @throws ApiError 403 for a collection or a filter that only superusers may use, 400 for invalid parameters
 */
export async function listRecords(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  query: Readonly<Record<string, string>>,
): Promise<RecordPage> {
  const rule = ruleFor(context, collection.listRule);
  if (!isSuperuser(context.principal)) assertNoRequestReferences(query);
  const { page, perPage, skipTotal, sort, filter } = parseListParams(query);
  try {
    const search = await searchOf(reader, context, collection, query);
    const slice = { perPage, offset: (page - 1) * perPage };
    const statements = listStatements(context, collection, { rule, filter, sort, search }, slice);
    const mode = readTotalMode(query["total"]);
    const counted = skipTotal
      ? -1
      : await totalOf(reader, context, collection, statements, mode, { rule, filter, sort, search });
    const isBounded = typeof mode === "object" && !skipTotal;
    const totalItems = isBounded ? Math.min(counted, mode.atMost) : counted;
    const totalPages = skipTotal ? -1 : Math.ceil(totalItems / perPage);
    const stopsAfter = statements.isPlain ? slice.offset + perPage : undefined;
    const rows = await reader.all({ ...statements.page(), stopsAfter });
    const items = rows.map((row) => readRow(collection, row));
    const extras = search && (await readSnippets(reader, collection, search, query, items));
    const shown = { items, page, perPage, totalItems, totalPages };
    return { ...shown, ...(isBounded && { totalIsExact: counted === totalItems }), ...(extras && { extras }) };
  } catch (error) {
    throw isUnreadableRule(error) ? badRequest("", {}, error) : error;
  }
}

/** These references would let a client read what no rule shows it. */
export function assertNoRequestReferences(query: Readonly<Record<string, string>>): void {
  for (const text of [query["filter"] ?? "", query["sort"] ?? ""]) {
    for (const prefix of ["@collection.", "@request."]) {
      if (text.includes(prefix)) throw forbidden(`Only superusers can filter by ${prefix}`);
    }
  }
}

/** SQLite counts by the pages of an index. */
const COUNT_COST = 0.01;

function totalOf(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  statements: ListStatements,
  mode: TotalMode,
  conditions: Parameters<typeof countsAlone>[2],
): Promise<number> {
  const query = statements.count();
  const { schema, counts } = context;
  if (typeof mode === "object") return count(reader, schema, statements, boundedCount(query, mode.atMost));
  const counting = (): Promise<number> => count(reader, schema, statements, query);
  // A search index may change without the log, when it is repaired.
  const isKnowable = conditions.search === undefined && !dependsOnTime(schema, query.text);
  if (mode === "exact" || !counts || !isKnowable) return counting();
  return counts.total(reader, query, countsAlone(context, collection, conditions), counting);
}

async function count(reader: Reader, schema: Schema, statements: ListStatements, query: Query): Promise<number> {
  const visitCost = statements.isPlain ? COUNT_COST : undefined;
  const row = await reader.first({ ...query, visitCost, isReusable: !dependsOnTime(schema, query.text) });
  return Number(row?.["total"]);
}
