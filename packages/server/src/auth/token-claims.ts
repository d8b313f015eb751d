import { decodeJwt } from "jose";
import { z } from "zod";

/** What a token is for. Each type has its own secret and duration in the collection. */
export type TokenType = "auth" | "file" | "verification" | "passwordReset" | "emailChange";

const claimsSchema = z.looseObject({
  id: z.string().min(1),
  collectionId: z.string().min(1),
  type: z.enum(["auth", "file", "verification", "passwordReset", "emailChange"]),
  /** May the token be exchanged for a fresh one? */
  refreshable: z.unknown().optional(),
  exp: z.number().optional(),
  nbf: z.number().optional(),
  iat: z.number().optional(),
});

export type TokenClaims = Readonly<z.output<typeof claimsSchema>>;

/** The claims of a token, unverified; `undefined` if the text is not one of our tokens. */
export function readClaims(token: string): TokenClaims | undefined {
  try {
    return claimsSchema.parse(decodeJwt(token));
  } catch {
    return undefined;
  }
}

/** Is the token valid at this time? There is no leeway (RFC 7519, section 4.1). */
export function isTimely({ exp, nbf, iat }: TokenClaims, now: Date): boolean {
  const seconds = now.getTime() / 1000;
  return seconds < (exp ?? Infinity) && seconds >= (nbf ?? 0) && seconds >= (iat ?? 0);
}
