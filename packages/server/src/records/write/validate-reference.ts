import type { ErrorData, RecordValues, ValidationError } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { OAUTH2_PROVIDERS } from "../../collections/model/oauth2-providers.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { invalid } from "../../lib/api-error.ts";
import { toText } from "../../lib/text/coerce.ts";
import { oneOf, required } from "../../lib/validators.ts";
import type { Reader } from "../../store/store.ts";
import { findRecord } from "../query/find-record.ts";

/** System collections whose records belong to one auth record and are deleted with it. */
export const DEPENDENTS: readonly string[] = ["_externalAuths", "_mfas", "_otps", "_authOrigins"];

/**
 * Validates a record that belongs to an auth record: `collectionRef` must be the id of an auth collection and `recordRef`
 * that of a record in it. A linked account needs a known provider.
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

/** The reference must be the id, not the name. */
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
