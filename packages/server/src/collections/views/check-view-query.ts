import { type Row, type Sql, verbatim } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import type { Field } from "../fields/field.ts";
import { checkField } from "../fields/check-field.ts";
import type { Collection, ViewCollection } from "../model/collection.ts";
import type { Schema } from "../model/schema.ts";
import { asClause } from "../tables/engine-message.ts";
import { inferViewFields, viewErrorMessage, withTextId } from "./create-view.ts";
import { trimViewQuery, ViewQueryError } from "./parse-view-query.ts";

const SAMPLE = 10;

/** A view's query that can be used. */
export interface UsableQuery {
  readonly fields: readonly Field[];
  /** With ids that are texts. */
  readonly query: string;
}

/** Tries a query on a few rows. @returns the problem in words, or `undefined` */
export async function checkViewQuery(
  tx: Transaction,
  view: ViewCollection,
  schema: Schema,
): Promise<string | undefined> {
  try {
    const { query } = await readViewQuery(tx, view, schema);
    const rows = await tx.all(sampleOf(query));
    return idProblem(rows);
  } catch (error) {
    return viewErrorMessage(error);
  }
}

/** @throws ViewQueryError or StoreError for a query that can't be used, see `viewErrorMessage` */
export async function readViewQuery(tx: Transaction, view: ViewCollection, schema: Schema): Promise<UsableQuery> {
  const query = trimViewQuery(view.viewQuery);
  const fields = await inferViewFields(tx, query, schema);
  if (!fields.some(({ name }) => name === "id")) throw new ViewQueryError(MISSING_ID);
  const problem = fieldProblem({ ...view, fields }, schema);
  if (problem !== undefined) throw new ViewQueryError(problem);
  return { fields, query: await withTextId(tx, query) };
}

/** A few of the query's rows. */
export const sampleOf = (query: string): Sql => verbatim(`SELECT * FROM (${query}) LIMIT ${SAMPLE}`);

/** What is wrong with the ids of a sample, if anything. */
export function idProblem(rows: readonly Row[]): string | undefined {
  const ids = rows.map(({ id }) => id);
  if (ids.some((id) => id === null || id === "")) return "the query could return records with empty or invalid ids";
  return new Set(ids).size < ids.length ? "the query could return records with non-unique ids" : undefined;
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
