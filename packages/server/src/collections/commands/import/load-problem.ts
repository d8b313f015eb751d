import { isObject, type JsonObject } from "../../fields/decode-json.ts";
import { ApiError } from "../../../lib/api-error.ts";
import { parseField } from "../../fields/field-kinds.ts";

/** Why a submitted collection can't be read, in the words of PocketBase's decoder where it is about fields. */
export function loadProblem({ fields }: JsonObject): string {
  if (fields !== undefined && fields !== null && !Array.isArray(fields))
    return `json: cannot unmarshal JSON ${kindOf(fields)} into Go []core.fieldWithType within "/fields"`;
  for (const [i, field] of (Array.isArray(fields) ? fields : []).entries()) {
    if (isField(field)) continue;
    const place = `json: cannot unmarshal JSON ${kindOf(field)} into Go core.fieldWithType within "/fields/${i}"`;
    return isObject(field) ? `${place}: missing or unknown field type in ${sortedJson(field)}` : place;
  }
  return "json: cannot unmarshal the collection";
}

function isField(field: unknown): boolean {
  try {
    parseField(field);
    return true;
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}

const kindOf = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

const sortedJson = (value: JsonObject): string =>
  JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
