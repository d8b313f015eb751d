import { readPrincipal } from "../auth/read-principal.ts";
import { GUEST, type Principal } from "../rules/principal.ts";
import type { ApiContext } from "./api-context.ts";

/** Somebody with a token, and who that is. */
export interface Requester {
  readonly token: string;
  readonly now: Date;
  principal: Principal;
  /** How many revisions of principals there had been when that was found out. */
  identifiedAt: number;
}

/** Nobody has looked yet who it is. */
export const newAsker = (token: string, now: Date): Requester => ({ token, now, principal: GUEST, identifiedAt: -1 });

/** Finds out who asks, as of now. */
export async function identify(asker: Requester, { tokens, store, registry, revisions }: ApiContext): Promise<void> {
  asker.identifiedAt = revisions.count;
  asker.principal = await readPrincipal(tokens, store, registry.current, asker.token, asker.now);
}

/** Is it too long ago that it was found out? Ask in the turn in which the principal is used: it may be revoked by then. */
export const isOutdated = ({ identifiedAt }: Requester, { revisions }: ApiContext): boolean =>
  identifiedAt !== revisions.count;
