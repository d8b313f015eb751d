import type { ErrorData, RecordValues, ValidationError } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { OAUTH2_PROVIDERS } from "../../collections/model/oauth2-providers.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { invalid } from "../../lib/api-error.ts";
import { toText } from "../../lib/coerce.ts";
import { oneOf, required } from "../../lib/validators.ts";
import type { Reader } from "../../store/store.ts";
import { findRecord } from "../query/find-record.ts";

/** System collections whose records belong to one auth record and go with it. */
export const DEPENDENTS: readonly string[] = ["_externalAuths", "_mfas", "_otps", "_authOrigins"];

/**
 * Such a record must belong to somebody: `collectionRef` names an auth collection, `recordRef` a record of it. A linked
 * account is one of a provider that exists.
 */
export async function checkReference(
  reader: Reader,
  schema: Schema,
  collection: Collection,
  values: RecordValues,
): Promise<ErrorData | undefined> {
  if (!DEPENDENTS.includes(collection.name)) return undefined;
  const collectionRef = toText(values["collectionRef"]);
  const owners = schema.find(collectionRef);
  const collectionProblem = required(collectionRef) ?? checkOwners(owners, collectionRef);
  if (collectionProblem) return { collectionRef: collectionProblem };

  const recordRef = toText(values["recordRef"]);
  const recordProblem = required(recordRef) ?? (await checkOwner(reader, owners, recordRef));
  if (recordProblem) return { recordRef: recordProblem };

  if (collection.name !== "_externalAuths") return undefined;
  const providerProblem = oneOf(toText(values["provider"]), [...OAUTH2_PROVIDERS]);
  return providerProblem && { provider: providerProblem };
}

/** Only the id counts, not the name. */
function checkOwners(owners: Collection | undefined, id: string): ValidationError | undefined {
  if (owners?.id !== id) return invalid("validation_invalid_collection_id", "Missing or invalid collection.");
  if (owners.type === "auth") return undefined;
  return invalid("validation_invalid_collection_type", "Invalid collection type - must be auth.");
}

async function checkOwner(
  reader: Reader,
  owners: Collection | undefined,
  id: string,
): Promise<ValidationError | undefined> {
  if (owners && (await findRecord(reader, owners, id))) return undefined;
  return invalid("validation_invalid_record", "Missing or invalid record.");
}
