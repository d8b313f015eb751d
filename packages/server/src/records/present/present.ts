import type { RecordValues } from "@headwater/protocol";
import type { FieldPick } from "../../lib/pick-fields.ts";
import type { Collection } from "../../collections/model/collection.ts";
import { isSuperuser, type Principal, principalKey } from "../../rules/principal.ts";
import type { Reader } from "../../store/store.ts";
import { emailVisibility, showsEmailInMemory } from "./email-visibility.ts";
import { AnswerBudget } from "./answer-limits.ts";
import { expandRecords } from "./expand.ts";
import { parseExpand } from "./expand-paths.ts";
import { manageRuleOf } from "../rule-check/manage-rule.ts";
import type { RecordContext } from "../model/record-context.ts";
import { type JsonObject, JsonWriter, lengthOf, type PresentedRecord, toJson } from "./presented-record.ts";

/**
 * Records as the API returns them to the principal: without hidden fields, with the collection's id and name and the
 * requested related records, keys sorted.
 *
 * @param records all of this collection
 * @param expand the parameter's text; "" for none
 * @throws ApiError 400 if they are more than the context's limits allow
 */
export async function presentRecords(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  records: readonly RecordValues[],
  expand: string,
): Promise<JsonObject[]> {
  return (await collectRecords(reader, context, collection, records, expand)).toJson();
}

/** Records that are ready to be written as JSON. */
export class CollectedRecords {
  readonly #shown: readonly PresentedRecord[];
  readonly #seesHidden: boolean;
  /** Characters of their JSON, about. */
  readonly length: number;

  constructor(shown: readonly PresentedRecord[], seesHidden: boolean) {
    this.#shown = shown;
    this.#seesHidden = seesHidden;
    const known = new Map<PresentedRecord, number>();
    this.length = shown.reduce((sum, record) => sum + lengthOf(record, known), 0);
  }

  toJson(): JsonObject[] {
    return this.#shown.map((record) => toJson(record, this.#seesHidden));
  }

  /** The JSON of one after the other, for answers that are too large to be held. */
  *texts(pick: FieldPick | undefined): Generator<string> {
    const writer = new JsonWriter(this.#seesHidden);
    for (const record of this.#shown) yield writer.text(record, pick);
  }
}

/** As `presentRecords`, for one who writes the JSON in parts. */
export async function collectRecords(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  records: readonly RecordValues[],
  expand: string,
): Promise<CollectedRecords> {
  const budget = new AnswerBudget(context.answerLimits);
  const showsEmail = await emailVisibility(reader, context, collection, records);
  const shown = records.map((values): PresentedRecord => present(context, collection, values, showsEmail(values)));
  if (expand !== "") await expandRecords({ reader, context, budget }, shown, parseExpand(expand));
  const collected = new CollectedRecords(shown, isSuperuser(context.principal));
  budget.addBytes(collected.length);
  return collected;
}

/** The same for one record without related ones, at once; `undefined` if other records decide what it shows. */
export function presentInMemory(
  context: RecordContext,
  collection: Collection,
  values: RecordValues,
): [JsonObject] | undefined {
  const showsEmail = showsEmailInMemory(context, collection, values);
  return showsEmail === undefined
    ? undefined
    : [toJson(present(context, collection, values, showsEmail), isSuperuser(context.principal))];
}

function present(
  { versions, extras }: RecordContext,
  collection: Collection,
  values: RecordValues,
  showsEmail: boolean,
): PresentedRecord {
  const plain: PresentedRecord = versions
    ? { collection, values, showsEmail, version: versions.of(collection, values) }
    : { collection, values, showsEmail };
  const extra = extras?.get(values);
  return extra ? { ...plain, extra } : plain;
}

/** A record as the application gets it: with hidden fields and the email, without secrets. */
export const presentToApp = (collection: Collection, values: RecordValues): JsonObject =>
  toJson({ collection, values, showsEmail: true }, true);

/**
 * Principals with equal keys get equal JSON for the same values. Different keys say nothing.
 *
 * @param record the id of the record, if it is always the same one
 */
export function presentationKey(principal: Principal, collection: Collection, expand: string, record?: string): string {
  if (isSuperuser(principal)) return "superuser";
  if (expand !== "" || manageRuleOf(collection) !== undefined) return principalKey(principal);
  if (collection.type !== "auth" || principal.kind === "guest") return "";
  if (record === undefined) return principal.values.id;
  return record === principal.values.id ? "own" : "";
}
