import { z } from "zod";
import { json } from "../../http/responses.ts";
import { formText } from "../../http/body/form-values.ts";
import { type ApiRequest, UNREADABLE } from "../../http/request.ts";
import { badRequest, invalid } from "../../lib/api-error.ts";
import { countCharacters } from "../../lib/text/coerce.ts";
import { StoreError } from "../../store/store.ts";
import type { ApiContext } from "../api-context.ts";

const FORM = z.object({ query: formText });
const MAX_LENGTH = 5_000;

/** Runs a superuser's SQL. All values of the rows are texts or null, as in PocketBase. */
export async function runSql(request: ApiRequest, { config, sql }: ApiContext): Promise<Response> {
  const { query } = await request.parseBody(FORM, UNREADABLE);
  const problem = problemOf(query);
  if (problem) throw badRequest("An error occurred while validating the submitted data.", { query: problem });
  const startedAt = performance.now();
  const { queries } = config;
  try {
    if (query.trim() === "") throw new StoreError("invalid", "empty query");
    const { columns, rows, affectedRows } = await sql.run(query, {
      limitMs: queries.sqlMs,
      memoryBytes: queries.readerBytes,
      maxRows: queries.sqlRows,
      maxBytes: queries.answerBytes,
      signal: request.raw.signal,
    });
    return json(request, {
      execTime: Math.round(performance.now() - startedAt),
      affectedRows,
      columns: columns.map((column) => ({ ...column, nullable: true })),
      rows,
    });
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind === "abandoned") throw error;
    throw badRequest(`Failed to execute query. Raw error:\n${error.message}`, {}, error);
  }
}

function problemOf(query: string) {
  if (query === "") return invalid("validation_required", "Cannot be blank.");
  if (countCharacters(query) <= MAX_LENGTH) return undefined;
  const message = `The length must be no more than ${MAX_LENGTH}.`;
  return invalid("validation_length_too_long", message, { max: MAX_LENGTH, min: 0 });
}
