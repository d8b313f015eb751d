import type { CollectionId } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { badRequest, invalid } from "../../lib/api-error.ts";
import { dependenciesOf } from "../../rules/analysis/rule-dependencies.ts";
import { resolveRule } from "../../rules/analysis/resolve-rule.ts";
import { isSuperuser } from "../../rules/principal.ts";
import type { Query } from "../../store/sql.ts";
import type { RecordContext } from "../model/record-context.ts";
import { recordScope } from "../model/record-scope.ts";

/** How a list counts: every time, only if something has changed, or no further than to a number. */
export type TotalMode = "exact" | "cached" | { readonly atMost: number };

const MAX_BOUND = 1_000_000_000;

/** Reads the parameter `total`: `exact`, `cached` or `bounded:1000`. @throws ApiError 400 for anything else */
export function readTotalMode(text = ""): TotalMode {
  if (text === "" || text === "exact") return "exact";
  if (text === "cached") return "cached";
  const atMost = Number(/^bounded:(\d{1,10})$/.exec(text)?.[1] ?? 0);
  if (atMost > 0 && atMost <= MAX_BOUND) return { atMost };
  const message = "It must be exact, cached, or bounded: and a number, such as bounded:1000.";
  throw badRequest("", { total: invalid("validation_invalid_total", message) });
}

const COUNT = /^SELECT (?:count\(\*\)|count\(DISTINCT (?<key>[^)]+)\)) AS total /;

/** The statement of a count that ends when there is one more. */
export function boundedCount({ text, values, ...query }: Query, atMost: number): Query {
  const { key } = COUNT.exec(text)?.groups ?? {};
  const rows = text.replace(COUNT, key === undefined ? "SELECT 1 " : `SELECT DISTINCT ${key} `);
  return { ...query, text: `SELECT count(*) AS total FROM (${rows} LIMIT ?)`, values: [...values, atMost + 1] };
}

interface Texts {
  readonly rule: string;
  readonly filter: string;
  readonly sort: string;
  readonly search: unknown;
}

/** The collection whose records alone decide which of them a list has; `undefined` if other records may. */
export function countsAlone(
  context: RecordContext,
  collection: Collection,
  { rule, filter, sort, search }: Texts,
): CollectionId | undefined {
  // A sort by a related record leaves out what the client may not see of it.
  if (collection.type === "view" || search !== undefined || sort.includes(".")) return undefined;
  const trust = isSuperuser(context.principal) ? "trusted" : "client";
  const conditions = [
    ...(rule === "" ? [] : [resolveRule(rule, recordScope(context, collection))]),
    ...(filter === "" ? [] : [resolveRule(filter, recordScope(context, collection, trust))]),
  ];
  return conditions.every((condition) => dependenciesOf(condition).length === 0) ? collection.id : undefined;
}
