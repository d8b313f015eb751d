import type { ErrorData } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { sql } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import type { CollectionContext } from "./collection-context.ts";
import { type CollectionDraft, collectionOf } from "../model/collection-draft.ts";
import { validateCollection } from "./validate-collection.ts";
import { checkViewQuery } from "../views/check-view-query.ts";

/** All problems of a collection by property, including those that only the database reveals. */
export async function validateAgainstDatabase(
  tx: Transaction,
  { schema, checkRule }: CollectionContext,
  draft: CollectionDraft,
  original: Collection | undefined,
): Promise<ErrorData | undefined> {
  const rows = await tx.all(sql`SELECT type, lower(name) AS name, tbl_name FROM sqlite_master`);
  const tables = new Set(rows.filter(({ type }) => type !== "index").map(({ name }) => String(name)));
  const indexes = rows.filter(({ type }) => type === "index");
  const indexTables = new Map(indexes.map((row) => [String(row.name), String(row.tbl_name)]));

  const view = collectionOf(draft);
  const error = view.type === "view" && view.viewQuery !== "" ? await checkViewQuery(tx, view, schema) : undefined;
  const viewProblem =
    error === undefined
      ? undefined
      : invalid("validation_invalid_view_query", `Invalid query - ${error.slice(0, 500)}`);
  return validateCollection(draft, { original, schema, checkRule, tables, indexTables, viewProblem });
}
