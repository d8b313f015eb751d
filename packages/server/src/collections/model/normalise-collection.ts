import { collectionId } from "@headwater/protocol";
import { formatDateTime } from "../../lib/date-time.ts";
import { arrangeFields } from "./normalise-fields.ts";
import { newSecret } from "./auth-defaults.ts";
import type { AuthOptions } from "./auth-options.ts";
import { type Collection, SUPERUSERS } from "./collection.ts";
import type { CollectionDraft } from "./collection-draft.ts";
import { generatedId } from "./new-draft.ts";
import { buildIndex, parseIndex } from "./index-definition.ts";
import type { Schema } from "./schema.ts";
import { withSystemFields } from "./system-fields.ts";

/** What PocketBase does to a new collection before it looks whether it is valid. */
export function normaliseNew(draft: CollectionDraft, scaffoldId: string, schema: Schema, now: Date): CollectionDraft {
  const type = draft.type || "base";
  const generated = draft.id === "" || draft.id === scaffoldId;
  const id = draft.id === "" ? collectionId(generatedId(type, draft.name)) : draft.id;
  const normal = normalise({ ...draft, type, id, created: formatDateTime(now) }, now);
  return withOwnTable(generated ? withFreeId(normal, schema) : normal);
}

/** The same for a collection that is there already. */
export const normaliseChanged = (draft: CollectionDraft, now: Date): CollectionDraft =>
  withOwnTable(normalise({ ...draft, type: draft.type || "base" }, now));

function normalise(draft: CollectionDraft, now: Date): CollectionDraft {
  const normal = withSystemFields({ ...draft, updated: formatDateTime(now), fields: arrangeFields(draft.fields) });
  return normal.type === "auth" ? { ...normal, auth: withoutLostFields(normal) } : normal;
}

/** A profile value of an OAuth2 provider can't go into a field that is gone. */
function withoutLostFields({ auth, fields }: CollectionDraft): AuthOptions {
  const known = (name: string): string => (fields.some((field) => field.name === name) ? name : "");
  const { id, name, username, avatarURL } = auth.oauth2.mappedFields;
  const mappedFields = { id: known(id), name: known(name), username: known(username), avatarURL: known(avatarURL) };
  return { ...auth, oauth2: { ...auth.oauth2, mappedFields } };
}

/** The id made of type and name, with a number behind it when it is taken; names of indexes hold it too. */
function withFreeId(draft: CollectionDraft, schema: Schema): CollectionDraft {
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

/** Indexes are of the collection's own table, whatever they say. What can't be read is left for the checks. */
const withOwnTable = (draft: CollectionDraft): CollectionDraft => ({
  ...draft,
  indexes: draft.indexes.map((statement) => {
    const index = parseIndex(statement);
    return index.table === draft.name ? statement : buildIndex({ ...index, table: draft.name }) || statement;
  }),
});

/** What is forced on a collection that was found valid. */
export function settleDraft(draft: CollectionDraft, original: Collection | undefined): CollectionDraft {
  const auth = withFreshSecret(draft.auth, original);
  return draft.name === SUPERUSERS ? { ...draft, auth: superuserOptions(auth) } : { ...draft, auth };
}

/** Another rule for who may log in ends the logins that the old one allowed. */
function withFreshSecret(auth: AuthOptions, original: Collection | undefined): AuthOptions {
  if (original?.type !== "auth" || (original.auth.authRule ?? "") === (auth.authRule ?? "")) return auth;
  return { ...auth, authToken: { ...auth.authToken, secret: newSecret() } };
}

/** Nobody becomes superuser through another provider, and nobody is locked out of the password. */
const superuserOptions = (auth: AuthOptions): AuthOptions => ({
  ...auth,
  oauth2: { ...auth.oauth2, enabled: false, providers: [] },
  passwordAuth: { ...auth.passwordAuth, enabled: true },
  mfa: { ...auth.mfa, enabled: auth.mfa.enabled || auth.otp.enabled },
});
