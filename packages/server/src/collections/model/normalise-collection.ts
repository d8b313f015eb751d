import { collectionId } from "@headwater/protocol";
import { formatDateTime } from "../../lib/text/date-time.ts";
import { normaliseFields } from "./normalise-fields.ts";
import { newSecret } from "./auth-defaults.ts";
import type { AuthOptions } from "./auth-options.ts";
import { type Collection, SUPERUSERS } from "./collection.ts";
import type { CollectionDraft } from "./collection-draft.ts";
import { generatedId } from "./new-draft.ts";
import { buildIndex, parseIndex } from "./index-definition.ts";
import type { Schema } from "./schema.ts";
import { withSystemFields } from "./system-fields.ts";

/** Normalises a new collection before validation, as PocketBase does. */
export function normaliseNew(draft: CollectionDraft, scaffoldId: string, schema: Schema, now: Date): CollectionDraft {
  const type = draft.type || "base";
  const generated = draft.id === "" || draft.id === scaffoldId;
  const id = draft.id === "" ? collectionId(generatedId(type, draft.name)) : draft.id;
  const normal = normalise({ ...draft, type, id, created: formatDateTime(now) }, now);
  return withOwnTable(generated ? withUniqueId(normal, schema) : normal);
}

/** Normalises an existing collection before validation. */
export const normaliseChanged = (draft: CollectionDraft, now: Date): CollectionDraft =>
  withOwnTable(normalise({ ...draft, type: draft.type || "base" }, now));

function normalise(draft: CollectionDraft, now: Date): CollectionDraft {
  const normal = withSystemFields({ ...draft, updated: formatDateTime(now), fields: normaliseFields(draft.fields) });
  return normal.type === "auth" ? { ...normal, auth: withoutMissingFields(normal) } : normal;
}

/** Drops OAuth2 mappings to fields that no longer exist. */
function withoutMissingFields({ auth, fields }: CollectionDraft): AuthOptions {
  const known = (name: string): string => (fields.some((field) => field.name === name) ? name : "");
  const { id, name, username, avatarURL } = auth.oauth2.mappedFields;
  const mappedFields = { id: known(id), name: known(name), username: known(username), avatarURL: known(avatarURL) };
  return { ...auth, oauth2: { ...auth.oauth2, mappedFields } };
}

/** Appends a number to a generated id that is taken, also where index names contain it. */
function withUniqueId(draft: CollectionDraft, schema: Schema): CollectionDraft {
  const base = generatedId(draft.type, draft.name);
  const taken = new Set<string>(schema.collections.map(({ id }) => id));
  let id = base;
  for (let counter = 2; counter < 1000 && taken.has(id); counter++) id = `${base}${counter}`;
  if (id === draft.id) return draft;
  const indexes = draft.indexes.map((statement) => {
    const index = parseIndex(statement);
    const name = index.name.replaceAll(draft.id, id);
    return name === index.name ? statement : buildIndex({ ...index, name });
  });
  return { ...draft, id: collectionId(id), indexes };
}

/** Points every index at the collection's own table. Unreadable statements stay unchanged for validation to refuse. */
const withOwnTable = (draft: CollectionDraft): CollectionDraft => ({
  ...draft,
  indexes: draft.indexes.map((statement) => {
    const index = parseIndex(statement);
    return index.table === draft.name ? statement : buildIndex({ ...index, table: draft.name }) || statement;
  }),
});

/** Applies the settings that PocketBase forces on a valid collection. */
export function applyForcedOptions(draft: CollectionDraft, original: Collection | undefined): CollectionDraft {
  const auth = withFreshSecret(draft.auth, original);
  return draft.name === SUPERUSERS ? { ...draft, auth: superuserOptions(auth) } : { ...draft, auth };
}

/** A changed auth rule invalidates all tokens that were issued under the old one. */
function withFreshSecret(auth: AuthOptions, original: Collection | undefined): AuthOptions {
  if (original?.type !== "auth" || (original.auth.authRule ?? "") === (auth.authRule ?? "")) return auth;
  return { ...auth, authToken: { ...auth.authToken, secret: newSecret() } };
}

/** Superusers can't sign in through OAuth2, and can always sign in with a password. */
const superuserOptions = (auth: AuthOptions): AuthOptions => ({
  ...auth,
  oauth2: { ...auth.oauth2, enabled: false, providers: [] },
  passwordAuth: { ...auth.passwordAuth, enabled: true },
  mfa: { ...auth.mfa, enabled: auth.mfa.enabled || auth.otp.enabled },
});
