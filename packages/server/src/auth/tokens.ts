import type { RecordValues } from "@headwater/protocol";
import { compactVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import type { TokenOptions } from "../collections/model/auth-options.ts";
import type { AuthCollection } from "../collections/model/collection.ts";
import { toText } from "../lib/text/coerce.ts";
import type { Schema } from "../collections/model/schema.ts";
import type { Reader } from "../store/store.ts";
import { findAuthRecord } from "./find-auth-record.ts";
import { isTimely, readClaims, type TokenClaims, type TokenType } from "./token-claims.ts";

/** An auth record and its collection. */
export interface AuthRecord {
  readonly collection: AuthCollection;
  readonly values: RecordValues;
}

/** A valid token's claims, and the auth record that it belongs to. */
export interface VerifiedToken extends AuthRecord {
  readonly claims: TokenClaims;
}

export interface TokenGrant extends AuthRecord {
  readonly type: TokenType;
  readonly now: Date;
  /** Seconds; 0 or `undefined` for the collection's duration. */
  readonly duration?: number;
  /** Claims besides id, collectionId, type, iat and exp. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** The most tokens whose verified signature is kept: about a kilobyte each. */
const MAX_VERIFIED = 10_000;

/**
 * JSON Web Tokens like PocketBase's: HS256, keyed by the record's `tokenKey` and the collection's secret, so that a change
 * of either, or the deletion of the record, revokes them.
 */
export class Tokens {
  /** Verified signatures, with the key that they were verified with. */
  readonly #verified = new LRUCache<string, { readonly key: string; readonly claims: TokenClaims }>({
    max: MAX_VERIFIED,
  });

  issue({ collection, values, type, now, duration = 0, claims = {} }: TokenGrant): Promise<string> {
    // `iat`, which PocketBase's tokens lack, shows a device whose clock is wrong how long the token lives.
    const iat = Math.floor(now.getTime() / 1000);
    const exp = iat + (duration || optionsOf(collection, type).duration);
    return new SignJWT({ ...claims, id: values.id, collectionId: collection.id, type, iat, exp })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .sign(bytesOf(keyOf(collection, values, type)));
  }

  /**
   * Finds the auth record that a token belongs to. Reads one row; the signature is verified once per token and key.
   *
   * @returns `undefined` for a token that is expired, forged, revoked, malformed or of another type
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

/** jose refuses to sign with an empty key. */
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
