import type { AuthCollection } from "../collections/model/collection.ts";
import { SUPERUSERS } from "../collections/model/collection.ts";
import type { RecordValues } from "@headwater/protocol";

/** The requester: a guest, or an auth record. A superuser is an auth record of `_superusers`. */
export type Principal =
  | { readonly kind: "guest" }
  | { readonly kind: "user" | "superuser"; readonly collection: AuthCollection; readonly values: RecordValues };

export const GUEST: Principal = { kind: "guest" };

/** An auth record as a principal. */
export const principalOf = (collection: AuthCollection, values: RecordValues): Principal => ({
  kind: collection.name === SUPERUSERS ? "superuser" : "user",
  collection,
  values,
});

export const isSuperuser = (principal: Principal): boolean => principal.kind === "superuser";

/** Unique per principal; "" for a guest. */
export const principalKey = (principal: Principal): string =>
  principal.kind === "guest" ? "" : `${principal.collection.id}/${principal.values.id}`;
