import type { RecordValues } from "@headwater/protocol";
import { compactVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import type { TokenOptions } from "../collections/model/auth-options.ts";
import type { AuthCollection } from "../collections/model/collection.ts";
import { toText } from "../lib/coerce.ts";
import type { Schema } from "../collections/model/schema.ts";
import type { Reader } from "../store/store.ts";
import { findAuthRecord } from "./find-auth-record.ts";
import { isTimely, readClaims, type TokenClaims, type TokenType } from "./token-claims.ts";

/** An auth record with the collection that makes it one. */
export interface AuthRecord {
  readonly collection: AuthCollection;
  readonly values: RecordValues;
}

/** A token that is good, and whose it is. */
export interface VerifiedToken extends AuthRecord {
  readonly claims: TokenClaims;
}

export interface TokenGrant extends AuthRecord {
  readonly type: TokenType;
  readonly now: Date;
  /** Seconds; the collection's for 0 or none. */
  readonly duration?: number;
  /** Claims besides id, collectionId, type and exp. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Tokens whose signature need not be checked again: about a kilobyte each. */
const REMEMBERED = 10_000;

/**
 * JSON Web Tokens as PocketBase makes them: HS256 with the record's `tokenKey` and the collection's secret as the key, so
 * that a change of either, or the end of the record, revokes them.
 */
export class Tokens {
  /** Signatures found good, with the key that they were good for. */
  readonly #verified = new LRUCache<string, { readonly key: string; readonly claims: TokenClaims }>({
    max: REMEMBERED,
  });

  issue({ collection, values, type, now, duration = 0, claims = {} }: TokenGrant): Promise<string> {
    const expires = Math.floor(now.getTime() / 1000) + (duration || optionsOf(collection, type).duration);
    return new SignJWT({ ...claims, id: values.id, collectionId: collection.id, type, exp: expires })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .sign(bytesOf(keyOf(collection, values, type)));
  }

  /**
   * Finds whose token it is. Costs one read of a row; the signature is checked once for a token and a key.
   *
   * @returns `undefined` for a token that is expired, forged, revoked, of another type or none at all
   */
  async verify(
    reader: Reader,
    schema: Schema,
    token: string,
    type: TokenType,
    now: Date,
  ): Promise<VerifiedToken | undefined> {
    const known = this.#verified.get(token);
    const claims = known?.claims ?? readClaims(token);
    if (claims?.type !== type || !isTimely(claims, now)) return undefined;

    const collection = schema.find(claims.collectionId);
    if (collection?.type !== "auth") return undefined;
    const values = await findAuthRecord(reader, collection, claims.id);
    if (!values) return undefined;

    const key = keyOf(collection, values, type);
    if (known?.key !== key) {
      if (!(await isSigned(token, key))) return undefined;
      this.#verified.set(token, { key, claims });
    }
    return { collection, values, claims };
  }
}

const OPTIONS = {
  auth: "authToken",
  file: "fileToken",
  verification: "verificationToken",
  passwordReset: "passwordResetToken",
  emailChange: "emailChangeToken",
} as const satisfies Readonly<Record<TokenType, keyof AuthCollection["auth"]>>;

const optionsOf = (collection: AuthCollection, type: TokenType): TokenOptions => collection.auth[OPTIONS[type]];

/** An empty one signs nothing: jose refuses it. */
const keyOf = (collection: AuthCollection, values: RecordValues, type: TokenType): string =>
  toText(values["tokenKey"]) + optionsOf(collection, type).secret;

async function isSigned(token: string, key: string): Promise<boolean> {
  try {
    await compactVerify(token, bytesOf(key), { algorithms: ["HS256"] });
    return true;
  } catch {
    return false;
  }
}

const encoder = new TextEncoder();
const bytesOf = (text: string): Uint8Array => encoder.encode(text);
