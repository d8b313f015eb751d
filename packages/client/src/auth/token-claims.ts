export interface TokenClaims {
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined;
  /** As `expiresAt`. PocketBase's tokens don't say it. */
  readonly issuedAt: number | undefined;
  /** Id of the auth record. */
  readonly id: string;
  readonly collectionId: string;
}

/** Decodes a token without verifying it. @returns `undefined` if it can't be decoded */
export function decodeClaims(token: string): TokenClaims | undefined {
  try {
    const payload = token.split(".")[1] ?? "";
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== "object" || claims === null) return undefined;
    const { exp, iat, id, collectionId } = claims as Record<string, unknown>;
    return {
      expiresAt: typeof exp === "number" ? exp * 1_000 : undefined,
      issuedAt: typeof iat === "number" ? iat * 1_000 : undefined,
      id: typeof id === "string" ? id : "",
      collectionId: typeof collectionId === "string" ? collectionId : "",
    };
  } catch {
    return undefined;
  }
}
