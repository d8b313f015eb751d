import { forbidden } from "../lib/api-error.ts";
import { presentRecords } from "../records/present/present.ts";
import { meetsRule } from "../records/rule-check/check-access.ts";
import type { AnswerLimits, RecordContext } from "../records/model/record-context.ts";
import { passesRule } from "./passes-rule.ts";
import { principalKey, principalOf } from "../rules/principal.ts";
import type { Store } from "../store/store.ts";
import { recordOrigin } from "./auth-origins.ts";
import { type AuthMethod, checkSignInFactor } from "./mfa.ts";
import type { AuthRecord } from "./tokens.ts";

/** A sign-in whose user has proved their identity. */
export interface SignIn {
  readonly record: AuthRecord;
  /** Of the request, with the principal that it had before the sign-in: rules are evaluated for that one. */
  readonly context: RecordContext;
  /** How the user proved it. */
  readonly method: AuthMethod;
  /** The id of the multi-factor session that this sign-in completes; "" for none. */
  readonly mfaId: string;
  /** Where the sign-in comes from; see `originFingerprint`. */
  readonly fingerprint: string;
}

/** The auth record that an auth endpoint returns beside the token. */
export type PresentedAccount = Readonly<Record<string, unknown>>;

/**
 * Completes a sign-in, or starts a multi-factor session if the collection requires a second factor.
 *
 * @returns the record as its owner sees it, or the id of the session for the second sign-in
 * @throws ApiError 403 if the record doesn't meet the collection's `authRule`, 400 for an invalid multi-factor session
 */
export async function signIn(
  store: Store,
  { record, context, method, mfaId, fingerprint }: SignIn,
): Promise<{ readonly record: PresentedAccount } | { readonly mfaId: string }> {
  const { schema, now } = context;
  await checkAuthRule(store, context, record);
  const { mfa, authAlert } = record.collection.auth;
  // Superusers need a second factor too: only the rule exempts.
  if (mfa.enabled && (await meetsRule(store, { context, ...record, rule: mfa.rule }))) {
    const pending = await checkSignInFactor(store, schema, { record, method, mfaId, now });
    if (pending !== undefined) return { mfaId: pending };
  }
  const presented = await presentToOwner(store, context, record);
  if (authAlert.enabled) await store.write((tx) => recordOrigin(tx, schema, record, fingerprint, now));
  return { record: presented };
}

/** Renews a sign-in: without a second factor, and without recording its origin. */
export async function refreshSignIn(
  store: Store,
  context: RecordContext,
  record: AuthRecord,
): Promise<PresentedAccount> {
  await checkAuthRule(store, context, record);
  return presentToOwner(store, context, record);
}

async function checkAuthRule(store: Store, context: RecordContext, { collection, values }: AuthRecord): Promise<void> {
  if (await passesRule(store, context, collection, values, collection.auth.authRule)) return;
  throw forbidden("The request doesn't satisfy the collection requirements to authenticate.");
}

/** An account comes with a token, in one piece. */
const MAX_ACCOUNT: AnswerLimits = { bytes: 1 << 20, expanded: 1_000 };

async function presentToOwner(
  store: Store,
  context: RecordContext,
  { collection, values }: AuthRecord,
): Promise<PresentedAccount> {
  const principal = principalOf(collection, values);
  const asOwner = { ...context, principal, answerLimits: MAX_ACCOUNT };
  const reader = store.for({ key: principalKey(principal) });
  const [presented] = await presentRecords(reader, asOwner, collection, [values], context.query["expand"] ?? "");
  return presented!;
}
