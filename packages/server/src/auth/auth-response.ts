import { forbidden } from "../lib/api-error.ts";
import { presentRecords } from "../records/present/present.ts";
import { canSee } from "../records/rule-check/check-access.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { passesRule } from "./passes-rule.ts";
import { principalOf } from "../rules/principal.ts";
import type { Store } from "../store/store.ts";
import { noteOrigin } from "./auth-origins.ts";
import { type AuthMethod, checkFactor } from "./mfa.ts";
import type { AuthRecord } from "./tokens.ts";

/** Somebody who has proved who they are, on the way to an answer. */
export interface SignIn {
  readonly record: AuthRecord;
  /** The request as it came: rules judge it with the principal that it had before. */
  readonly context: RecordContext;
  /** How they proved it. */
  readonly method: AuthMethod;
  /** The first half of a multi-factor sign-in that this one completes; "" for none. */
  readonly mfaId: string;
  /** Where they are; see `originFingerprint`. */
  readonly fingerprint: string;
}

/** What an auth endpoint answers besides the token. */
export type Presented = Readonly<Record<string, unknown>>;

/**
 * Lets a proved identity in.
 *
 * @returns the record as its owner sees it, or the id to come back with by another method
 * @throws ApiError 403 when the collection's `authRule` keeps it out, 400 for a bad multi-factor session
 */
export async function signIn(
  store: Store,
  { record, context, method, mfaId, fingerprint }: SignIn,
): Promise<{ readonly record: Presented } | { readonly mfaId: string }> {
  const { schema, now } = context;
  await checkAuthRule(store, context, record);
  const { mfa, authAlert } = record.collection.auth;
  // Superusers are asked for a second factor like everybody: the rule alone exempts.
  if (mfa.enabled && (await canSee(store, context, record.collection, mfa.rule, record.values, "trusted"))) {
    const pending = await checkFactor(store, schema, { record, method, mfaId, now });
    if (pending !== undefined) return { mfaId: pending };
  }
  const presented = await presentAsOwner(store, context, record);
  if (authAlert.enabled) await store.write((tx) => noteOrigin(tx, schema, record, fingerprint, now));
  return { record: presented };
}

/** The answer to one who was in before: no second factor, no note of where they are. */
export async function stayIn(store: Store, context: RecordContext, record: AuthRecord): Promise<Presented> {
  await checkAuthRule(store, context, record);
  return presentAsOwner(store, context, record);
}

async function checkAuthRule(store: Store, context: RecordContext, { collection, values }: AuthRecord): Promise<void> {
  if (await passesRule(store, context, collection, values, collection.auth.authRule)) return;
  throw forbidden("The request doesn't satisfy the collection requirements to authenticate.");
}

async function presentAsOwner(
  store: Store,
  context: RecordContext,
  { collection, values }: AuthRecord,
): Promise<Presented> {
  const asOwner = { ...context, principal: principalOf(collection, values) };
  const [presented] = await presentRecords(store, asOwner, collection, [values], context.query["expand"] ?? "");
  return presented!;
}
