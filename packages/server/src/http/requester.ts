import { principalOfToken } from "../auth/principal-of-token.ts";
import type { Tokens } from "../auth/tokens.ts";
import type { Registry } from "../collections/model/registry.ts";
import { GUEST, type Principal } from "../rules/principal.ts";
import type { Store } from "../store/store.ts";

/** A client with a token, and the principal that the token stands for. */
export interface Requester {
  readonly token: string;
  readonly now: Date;
  principal: Principal;
  /** The auth revision at which `principal` was read; `UNREAD` before the first time. */
  principalRevision: number;
}

/** Counts the changes to accounts and collections: a principal that was read at an older revision may be out of date. */
export interface AuthRevision {
  readonly current: number;
}

export interface IdentifyContext {
  readonly tokens: Tokens;
  readonly store: Store;
  readonly registry: Registry;
  readonly authRevision: AuthRevision;
}

/** No auth revision is negative. */
export const UNREAD = -1;

export const newRequester = (token: string, now: Date): Requester => ({
  token,
  now,
  principal: GUEST,
  principalRevision: UNREAD,
});

/**
 * Reads the requester's principal, and reads it again if accounts change in the meantime.
 *
 * @param use runs in the turn in which the principal is known to be current: one turn later it may be revoked
 */
export async function identify<Result = Principal>(
  requester: Requester,
  { tokens, store, registry, authRevision }: IdentifyContext,
  use: (principal: Principal) => Result = (principal) => principal as Result,
): Promise<Result> {
  while (requester.principalRevision !== authRevision.current) {
    requester.principalRevision = authRevision.current;
    requester.principal = await principalOfToken(tokens, store, registry.current, requester.token, requester.now);
  }
  return use(requester.principal);
}
