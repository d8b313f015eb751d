import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Trust } from "../../rules/resolve/record-scope.ts";
import { resolvePredicate } from "../../rules/analysis/resolve-rule.ts";
import type { Reader } from "../../store/store.ts";
import { candidateQuery } from "./candidate-query.ts";
import type { RecordContext } from "../model/record-context.ts";
import { recordScope } from "./record-scope.ts";
import { undefinedIfUnreadable } from "../query/unreadable-rule.ts";

/**
 * Would this record meet the rule? Judged by the given values, not by what is stored: a record that is not written
 * yet, was changed since, or is gone. The database is asked only when the rule takes it; records that it reaches from
 * this one are read as they are stored now.
 *
 * @param rule the text of a rule; `null` is met by none, "" by all
 * @param trust `client` for a filter that a client supplied
 */
export async function canSee(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  rule: string | null,
  image: RecordValues,
  trust: Trust = "trusted",
): Promise<boolean> {
  if (rule === null || rule === "") return rule === "";
  const met = await undefinedIfUnreadable(async () => {
    const scope = recordScope(context, collection, trust);
    const answer = resolvePredicate(rule, scope)?.(image, context, context.now);
    if (answer !== undefined) return answer;
    const statement = candidateQuery(rule, scope, { values: image, as: "stored" }, context, context.now);
    return (await reader.first(statement)) !== undefined;
  });
  return met === true;
}

/** As `canSee`, for a record that is about to be made: always by the database, and without its columns' types. */
export async function mayCreate(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  rule: string | null,
  image: RecordValues,
): Promise<boolean> {
  if (rule === null || rule === "") return rule === "";
  const found = await undefinedIfUnreadable(async () => {
    const scope = recordScope(context, collection, "trusted", true);
    return reader.first(candidateQuery(rule, scope, { values: image, as: "bound" }, context, context.now));
  });
  return found !== undefined;
}
