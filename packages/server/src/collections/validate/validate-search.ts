import type { ErrorData, ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { problems, REQUIRED } from "../../lib/validators.ts";
import type { CollectionDraft } from "../model/collection-draft.ts";
import { SEARCHABLE_TYPES, TOKENIZERS } from "../model/search-index.ts";
import type { SearchIndex } from "../model/search-option.ts";

const MAX_FIELDS = 20;
const MAX_WEIGHT = 1_000;

/** The problems of the option `search`. */
export function searchProblems(draft: CollectionDraft): ValidationError | ErrorData | undefined {
  const { search, type } = draft;
  if (!search) return undefined;
  if (type === "view") return invalid("validation_search_not_supported", "View collections can't have a search index.");
  return problems({
    fields: fieldsProblem(draft, search),
    tokenizer: Object.hasOwn(TOKENIZERS, search.tokenizer)
      ? undefined
      : invalid("validation_in_invalid", `Must be one of ${Object.keys(TOKENIZERS).join(", ")}.`),
    weights: weightsProblem(search),
  });
}

function fieldsProblem({ fields }: CollectionDraft, search: SearchIndex): ValidationError | ErrorData | undefined {
  if (search.fields.length === 0) return REQUIRED;
  if (search.fields.length > MAX_FIELDS) {
    return invalid("validation_length_out_of_range", `A search index has at most ${MAX_FIELDS} fields.`);
  }
  const problemOf = (name: string, place: number): ValidationError | undefined => {
    if (search.fields.indexOf(name) !== place)
      return invalid("validation_duplicated_field", "The field is named twice.");
    const field = fields.find((each) => each.name === name);
    if (!field) return invalid("validation_unknown_field", "The collection has no such field.");
    return SEARCHABLE_TYPES.has(field.type)
      ? undefined
      : invalid("validation_search_field_type", `Must be one of ${[...SEARCHABLE_TYPES].join(", ")}.`);
  };
  return problems(Object.fromEntries(search.fields.map((name, place) => [String(place), problemOf(name, place)])));
}

function weightsProblem({ fields, weights }: SearchIndex): ErrorData | undefined {
  const problemOf = (name: string, weight: number): ValidationError | undefined => {
    if (!fields.includes(name)) return invalid("validation_unknown_field", "The search index has no such field.");
    return weight >= 0 && weight <= MAX_WEIGHT
      ? undefined
      : invalid("validation_out_of_range", `Must be between 0 and ${MAX_WEIGHT}.`);
  };
  return problems(Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, problemOf(name, weight)])));
}
