import { normaliseFields } from "../model/normalise-fields.ts";
import { type Collection, SUPERUSERS } from "../model/collection.ts";
import { type CollectionDraft, collectionOf } from "../model/collection-draft.ts";
import { newDraft } from "../model/new-draft.ts";
import { parseField } from "../fields/field-kinds.ts";

/** The collections of a new data folder, in the order in which PocketBase creates them. */
export const initialCollections = (now: string): readonly Collection[] =>
  [mfas(), otps(), externalAuths(), authOrigins(), superusers(), users()].map((draft) =>
    collectionOf({ ...draft, created: now, updated: now }),
  );

const OWNER = "@request.auth.id != '' && recordRef = @request.auth.id && collectionRef = @request.auth.collectionId";

/** A base collection whose records belong to an auth record of any collection. */
const withOwner = (name: string, fields: readonly object[], indexes: readonly string[]): CollectionDraft =>
  withFields({ ...newDraft("base", name), system: true, listRule: OWNER, viewRule: OWNER, indexes }, [
    reference("collectionRef"),
    reference("recordRef"),
    ...fields,
    ...timestamps(true),
  ]);

const withFields = (draft: CollectionDraft, fields: readonly object[]): CollectionDraft => ({
  ...draft,
  fields: normaliseFields([...draft.fields, ...fields.map(parseField)]),
});

const reference = (name: string): object => ({ name, type: "text", system: true, required: true });

const timestamps = (system: boolean): readonly object[] => [
  { name: "created", type: "autodate", system, onCreate: true },
  { name: "updated", type: "autodate", system, onCreate: true, onUpdate: true },
];

const mfas = (): CollectionDraft =>
  withOwner(
    "_mfas",
    [reference("method")],
    ["CREATE INDEX `idx_mfas_collectionRef_recordRef` ON `_mfas` (collectionRef,recordRef)"],
  );

/** One-time passwords live for minutes, so a cheap hash is enough. */
const otps = (): CollectionDraft =>
  withOwner(
    "_otps",
    [
      { name: "password", type: "password", system: true, hidden: true, required: true, cost: 8 },
      { name: "sentTo", type: "text", system: true, hidden: true },
    ],
    ["CREATE INDEX `idx_otps_collectionRef_recordRef` ON `_otps` (collectionRef, recordRef)"],
  );

const externalAuths = (): CollectionDraft => ({
  ...withOwner(
    "_externalAuths",
    [reference("provider"), reference("providerId")],
    [
      "CREATE UNIQUE INDEX `idx_externalAuths_record_provider` ON `_externalAuths` (collectionRef, recordRef, provider)",
      "CREATE UNIQUE INDEX `idx_externalAuths_collection_provider` ON `_externalAuths` (collectionRef, provider, providerId)",
    ],
  ),
  deleteRule: OWNER,
});

const authOrigins = (): CollectionDraft => ({
  ...withOwner(
    "_authOrigins",
    [reference("fingerprint")],
    ["CREATE UNIQUE INDEX `idx_authOrigins_unique_pairs` ON `_authOrigins` (collectionRef, recordRef, fingerprint)"],
  ),
  deleteRule: OWNER,
});

function superusers(): CollectionDraft {
  const draft = withFields(newDraft("auth", SUPERUSERS), timestamps(true));
  return { ...draft, system: true, auth: { ...draft.auth, authToken: { ...draft.auth.authToken, duration: 86_400 } } };
}

const SELF = "id = @request.auth.id";
const IMAGES = ["image/jpeg", "image/png", "image/svg+xml", "image/gif", "image/webp"];

function users(): CollectionDraft {
  const draft = withFields(newDraft("auth", "users", "_pb_users_auth_"), [
    { name: "name", type: "text", max: 255 },
    { name: "avatar", type: "file", maxSelect: 1, mimeTypes: IMAGES },
    ...timestamps(false),
  ]);
  const mappedFields = { ...draft.auth.oauth2.mappedFields, name: "name", avatarURL: "avatar" };
  return {
    ...draft,
    listRule: SELF,
    viewRule: SELF,
    createRule: "",
    updateRule: SELF,
    deleteRule: SELF,
    auth: { ...draft.auth, oauth2: { ...draft.auth.oauth2, mappedFields } },
  };
}
