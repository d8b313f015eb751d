import { decodeJwt } from "jose";
import { z } from "zod";

/** What a token is for. Each type has its own secret and duration in the collection. */
export type TokenType = "auth" | "file" | "verification" | "passwordReset" | "emailChange";

/** Seconds. Go's times overflow there and are long past. */
const MAX_TIME = 2 ** 63 - 62_135_596_800;

/** As in Go's JWT library, zero is like a missing time. */
const time = z
  .number()
  .transform((seconds) => (seconds === 0 ? undefined : seconds))
  .optional();

const claimsSchema = z.looseObject({
  id: z.string().min(1),
  collectionId: z.string().min(1),
  type: z.enum(["auth", "file", "verification", "passwordReset", "emailChange"]),
  /** May the token be exchanged for a fresh one? */
  refreshable: z.unknown().optional(),
  exp: time,
  nbf: time,
  iat: time,
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
  const isOver = exp !== undefined && (seconds >= exp || exp > MAX_TIME);
  return !isOver && seconds >= (nbf ?? 0) && seconds >= (iat ?? 0);
}
