import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { recordId } from "@headwater/protocol";
import { badRequest, notFound } from "../../lib/api-error.ts";
import { isSuperuser } from "../../rules/principal.ts";
import type { Reader } from "../../store/store.ts";
import { checkAuthForm } from "./auth-form.ts";
import { blankRecord } from "../model/columns.ts";
import { type Draft, draftFrom } from "../model/draft.ts";
import { findRecord } from "../query/find-record.ts";
import { refuse } from "../model/invalid-record.ts";
import { manageRuleOf, managedIds } from "../rule-check/manage-access.ts";
import type { RecordContext } from "../model/record-context.ts";
import { type Body, resolveBody } from "../model/resolve-body.ts";
import { ruleFor, selectRecord } from "../query/select-records.ts";
import type { Form } from "../model/submission.ts";
import { mayCreate } from "../rule-check/check-access.ts";

/** What came of a form that the rules let through. */
export interface AuthorizedWrite {
  /** The record as it is stored; `undefined` for a new one. */
  readonly before: RecordValues | undefined;
  /** After modifiers, without what the principal may not set. */
  readonly body: Body;
  readonly draft: Draft;
  readonly canManage: boolean;
}

/**
 * Judges a new record by the create rule, as if it were stored already with what was submitted.
 * @throws ApiError 403 where only superusers may create, 400 where the rule does not hold
 */
export async function authorizeCreate(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  form: Form,
): Promise<AuthorizedWrite> {
  const rule = ruleFor(context, collection.createRule);
  const { body, draft } = readForm(context, collection, undefined, form);
  if (isSuperuser(context.principal)) return { before: undefined, body, draft, canManage: true };

  const asking = { ...context, body: ruleBody(body, form) };
  const image = {
    ...draft.values,
    id: recordId(draft.values.id || "__temp_id__"),
    // Else one could make oneself verified where the manage rule asks for that.
    ...(collection.type === "auth" && { verified: false }),
  };
  if (!(await mayCreate(reader, asking, collection, rule, image))) throw badRequest("Failed to create record.");
  const manageRule = context.principal.kind === "guest" ? undefined : manageRuleOf(collection);
  const canManage = manageRule !== undefined && (await mayCreate(reader, asking, collection, manageRule, image));
  return { before: undefined, body, draft, canManage };
}

/**
 * Judges a change by the update rule, which sees the record as it is and the change in `@request.body`.
 * @throws ApiError 403 where only superusers may update, 404 for a record that is missing or that the rule keeps
 */
export async function authorizeUpdate(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  id: string,
  form: Form,
): Promise<AuthorizedWrite> {
  const rule = ruleFor(context, collection.updateRule);
  const before = await findRecord(reader, collection, id);
  if (!before) throw notFound();
  const { body, draft } = readForm(context, collection, before, form);
  if (isSuperuser(context.principal)) return { before, body, draft, canManage: true };

  const asking = { ...context, body: ruleBody(body, form) };
  if (rule !== "" && !(await selectRecord(reader, asking, collection, rule, id))) throw notFound();
  const isKnown = context.principal.kind !== "guest" && manageRuleOf(collection) !== undefined;
  const canManage = isKnown && (await managedIds(reader, asking, collection, [before.id])).has(before.id);
  return { before, body, draft, canManage };
}

/** What the form makes of the record, whether or not a rule would let it. */
export function readForm(
  context: RecordContext,
  collection: Collection,
  before: RecordValues | undefined,
  form: Form,
): { readonly body: Body; readonly draft: Draft } {
  const current = before ?? blankRecord(collection);
  const resolved = resolveBody(collection, current, form.body);
  const body = isSuperuser(context.principal) ? resolved : withoutHidden(collection, resolved);
  return { body, draft: draftFrom(collection, current, body, form) };
}

/** @throws InvalidRecord for a form of an auth record that asks for what its sender may not have */
export function checkForm(
  collection: Collection,
  { before, body, draft, canManage }: AuthorizedWrite,
  form: Form,
): void {
  if (collection.type !== "auth") return;
  const knowsPassword = form.matchedHash !== undefined && form.matchedHash === before?.["password"];
  const passwordIsRandom = form.hashes.has("password") && !("password" in body);
  refuse(checkAuthForm({ body, before, after: draft.values, canManage, knowsPassword, passwordIsRandom }));
}

/** Passwords are hidden, and still everyone sets their own. */
function withoutHidden(collection: Collection, body: Body): Body {
  const shown = { ...body };
  for (const { name, hidden } of collection.fields) {
    if (hidden && !(collection.type === "auth" && name === "password")) delete shown[name];
  }
  return shown;
}

/** In rules a file that comes with the form is more than its name. */
function ruleBody(body: Body, { uploads }: Form): Body {
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
