import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { recordId } from "@headwater/protocol";
import { badRequest, notFound } from "../../lib/api-error.ts";
import { isHashable } from "../../lib/password.ts";
import { isSuperuser } from "../../rules/principal.ts";
import type { Reader } from "../../store/store.ts";
import { validateAuthSubmission } from "./validate-auth.ts";
import { blankRecord } from "../model/columns.ts";
import { type RecordDraft, applyBody } from "../model/record-draft.ts";
import { findRecord } from "../query/find-record.ts";
import { throwIfInvalid } from "../model/invalid-record.ts";
import { manageRuleOf, managedIds } from "../rule-check/manage-rule.ts";
import type { RecordContext } from "../model/record-context.ts";
import { type RecordBody, applyModifiers } from "../model/apply-modifiers.ts";
import { ruleFor, selectRecord } from "../query/select-records.ts";
import type { SubmittedValues } from "../model/submission.ts";
import { newRecordMeetsRule } from "../rule-check/check-access.ts";

/** A write that the rules allow. */
export interface AuthorizedWrite {
  /** The stored record; `undefined` for a new one. */
  readonly before: RecordValues | undefined;
  /** With modifiers applied, without fields that the principal may not set. */
  readonly body: RecordBody;
  readonly draft: RecordDraft;
  readonly canManage: boolean;
}

/**
 * Evaluates the create rule on the new record, as if it were already stored with the submitted values.
 *
 * @throws ApiError 403 if only superusers may create, 400 if the record doesn't meet the rule
 */
export async function authorizeCreate(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  submitted: SubmittedValues,
): Promise<AuthorizedWrite> {
  const rule = ruleFor(context, collection.createRule);
  const { body, draft } = readValues(context, collection, undefined, submitted);
  if (isSuperuser(context.principal)) return { before: undefined, body, draft, canManage: true };

  // PocketBase can't build the record that the rule is about.
  if (![...draft.passwords.values()].every(isHashable)) throw badRequest("Failed to create record.");
  const ruleContext = { ...context, body: bodyForRules(body, submitted) };
  const values = {
    ...draft.values,
    id: recordId(draft.values.id || "__temp_id__"),
    // Otherwise a client could claim to be verified, where the manage rule requires that.
    ...(collection.type === "auth" && { verified: false }),
  };
  const meets = (text: string) => newRecordMeetsRule(reader, { context: ruleContext, collection, rule: text, values });
  if (!(await meets(rule))) throw badRequest("Failed to create record.");
  const manageRule = context.principal.kind === "guest" ? undefined : manageRuleOf(collection);
  const canManage = manageRule !== undefined && (await meets(manageRule));
  return { before: undefined, body, draft, canManage };
}

/**
 * Evaluates the update rule on the stored record. The rule reads the submitted values as `@request.body`.
 *
 * @throws ApiError 403 if only superusers may update, 404 for a record that is missing or doesn't meet the rule
 */
export async function authorizeUpdate(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  id: string,
  submitted: SubmittedValues,
): Promise<AuthorizedWrite> {
  const rule = ruleFor(context, collection.updateRule);
  const before = await findRecord(reader, collection, id);
  if (!before) throw notFound();
  const { body, draft } = readValues(context, collection, before, submitted);
  if (isSuperuser(context.principal)) return { before, body, draft, canManage: true };

  const ruleContext = { ...context, body: bodyForRules(body, submitted) };
  if (rule !== "" && !(await selectRecord(reader, ruleContext, collection, rule, id))) throw notFound();
  const mayManage = context.principal.kind !== "guest" && manageRuleOf(collection) !== undefined;
  const canManage = mayManage && (await managedIds(reader, ruleContext, collection, [before.id])).has(before.id);
  return { before, body, draft, canManage };
}

/** Applies the submitted values to the record, without evaluating any rule. */
export function readValues(
  context: RecordContext,
  collection: Collection,
  before: RecordValues | undefined,
  submitted: SubmittedValues,
): { readonly body: RecordBody; readonly draft: RecordDraft } {
  const current = before ?? blankRecord(collection);
  const resolved = applyModifiers(collection, current, submitted.body);
  const body = isSuperuser(context.principal) ? resolved : withoutHidden(collection, resolved);
  return { body, draft: applyBody(collection, current, body, submitted) };
}

/** @throws InvalidRecord if the write sets what its requester may not set on an auth record */
export function throwIfInvalidAuth(
  collection: Collection,
  { before, body, draft, canManage }: AuthorizedWrite,
  submitted: SubmittedValues,
): void {
  if (collection.type !== "auth") return;
  const knowsPassword = submitted.matchedHash !== undefined && submitted.matchedHash === before?.["password"];
  const passwordIsRandom = submitted.hashes.has("password") && !("password" in body);
  throwIfInvalid(
    validateAuthSubmission({ body, before, after: draft.values, canManage, knowsPassword, passwordIsRandom }),
  );
}

/** Removes hidden fields. The password is hidden too, but users set their own. */
function withoutHidden(collection: Collection, body: RecordBody): RecordBody {
  const shown = { ...body };
  for (const { name, hidden } of collection.fields) {
    if (hidden && !(collection.type === "auth" && name === "password")) delete shown[name];
  }
  return shown;
}

/** Rules read an uploaded file as an object with its names and size. */
function bodyForRules(body: RecordBody, { uploads }: SubmittedValues): RecordBody {
  if (uploads.size === 0) return body;
  const asFile = (value: unknown): unknown => {
    const upload = typeof value === "string" ? uploads.get(value) : undefined;
    return upload ? { name: upload.name, originalName: upload.originalName, size: upload.size } : value;
  };
  const entries = Object.entries(body);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.map(asFile) : asFile(value)]),
  );
}
