import { verbatim } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import { checkField } from "../fields/check-field.ts";
import type { Collection, ViewCollection } from "../model/collection.ts";
import type { Schema } from "../model/schema.ts";
import { asClause } from "../tables/engine-message.ts";
import { inferViewFields, viewErrorMessage, withTextId } from "./create-view.ts";
import { trimViewQuery } from "./parse-view-query.ts";

const SAMPLE = 10;

/** Tries a query on a few rows. @returns the problem in words, or `undefined` */
export async function checkViewQuery(
  tx: Transaction,
  view: ViewCollection,
  schema: Schema,
): Promise<string | undefined> {
  try {
    const query = trimViewQuery(view.viewQuery);
    const fields = await inferViewFields(tx, query, schema);
    if (!fields.some(({ name }) => name === "id")) return MISSING_ID;
    const problem = fieldProblem({ ...view, fields }, schema);
    if (problem !== undefined) return problem;
    const rows = await tx.all(verbatim(`SELECT id FROM (${await withTextId(tx, query)}) LIMIT ${SAMPLE}`));
    const ids = rows.map(({ id }) => id);
    if (ids.some((id) => id === null || id === "")) return "the query could return records with empty or invalid ids";
    return new Set(ids).size < ids.length ? "the query could return records with non-unique ids" : undefined;
  } catch (error) {
    return viewErrorMessage(error);
  }
}

const MISSING_ID = "missing required id column (you can use `(ROW_NUMBER() OVER()) as id` if you don't have one)";

function fieldProblem(collection: Collection, schema: Schema): string | undefined {
  for (const [position, field] of collection.fields.entries()) {
    const name = checkField(field, { collection, original: undefined, schema })?.name;
    if (typeof name?.message === "string")
      return `invalid field ${JSON.stringify(field.name)} (${position}): name: ${asClause(name.message)}`;
  }
  return undefined;
}
