import type { Schema } from "../collections/model/schema.ts";
import { GUEST, type Principal, principalOf } from "../rules/principal.ts";
import type { Reader } from "../store/store.ts";
import type { Tokens } from "./tokens.ts";

/** The principal that a token belongs to. An invalid token gives a guest, not an error, as in PocketBase. */
export async function principalOfToken(
  tokens: Tokens,
  reader: Reader,
  schema: Schema,
  token: string,
  now: Date,
): Promise<Principal> {
  if (token === "") return GUEST;
  const verified = await tokens.verify(reader, schema, token, "auth", now);
  return verified ? principalOf(verified.collection, verified.values) : GUEST;
}
