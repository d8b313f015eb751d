import { z } from "zod";
import { idProblem, readViewQuery, sampleOf } from "../collections/views/check-view-query.ts";
import { viewErrorMessage } from "../collections/views/create-view.ts";
import { ViewQueryError } from "../collections/views/parse-view-query.ts";
import { collectionOf } from "../collections/model/collection-draft.ts";
import { collectionToJson } from "../collections/model/collection-json.ts";
import type { ViewCollection } from "../collections/model/collection.ts";
import { newDraft } from "../collections/model/new-draft.ts";
import { json } from "../http/responses.ts";
import { formText } from "../http/body/form-values.ts";
import { type ApiRequest, UNREADABLE } from "../http/request.ts";
import { badRequest, invalid } from "../lib/api-error.ts";
import { countCharacters } from "../lib/text/coerce.ts";
import { ALPHANUMERIC, randomText } from "../lib/random.ts";
import { readRow } from "../records/model/columns.ts";
import { presentToApp } from "../records/present/present.ts";
import { isCutQuery, isOutage } from "../store/store.ts";
import type { ApiContext } from "./api-context.ts";
import { queryOwner } from "./query-owner.ts";

const FORM = z.object({ query: formText });
const INVALID = "An error occurred while validating the submitted data.";
const MAX_LENGTH = 5_000;

/** The fields that a view with this query would have, and a few of its records. Nothing is stored. */
export async function dryRunView(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { query: text } = await request.parseBody(FORM, UNREADABLE);
  const problem = lengthProblem(text);
  if (problem) throw badRequest(INVALID, { query: problem });
  const schema = api.registry.current;
  const draft = newDraft("view", `temp_view_${randomText(5, ALPHANUMERIC)}`);
  const view = collectionOf({ ...draft, viewQuery: text }) as ViewCollection;
  try {
    const { fields, query } = await api.store.write((tx) => readViewQuery(tx, view, schema));
    const rows = await api.store.for(queryOwner(request)).all(sampleOf(query));
    const wrong = idProblem(rows);
    if (wrong !== undefined) throw new ViewQueryError(wrong);
    const result = { ...view, fields };
    const shown = { ...result, fields: fields.filter(({ hidden }) => !hidden) };
    const sample = rows.map((row) => presentToApp(shown, readRow(shown, row)));
    return json(request, { fields: collectionToJson(result)["fields"], sample });
  } catch (error) {
    if (isCutQuery(error) || isOutage(error)) throw error;
    throw badRequest(`Invalid view query. Raw error: \n${viewErrorMessage(error)}`, {}, error);
  }
}

function lengthProblem(query: string) {
  if (query.trim() === "") return invalid("validation_required", "Cannot be blank.");
  if (countCharacters(query) <= MAX_LENGTH) return undefined;
  const message = `The length must be no more than ${MAX_LENGTH}.`;
  return invalid("validation_length_too_long", message, { max: MAX_LENGTH, min: 0 });
}
