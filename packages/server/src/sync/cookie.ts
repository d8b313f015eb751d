import type { SyncCookie } from "@headwater/protocol";
import { z } from "zod";
import type { ClientGroup } from "./client-group.ts";

/** Above this there would soon be no larger order: nobody is given such a one. */
const MAX_ORDER = Number.MAX_SAFE_INTEGER - 2 ** 20;

const count = z.number().int().min(0).max(MAX_ORDER);
const COOKIE = z.object({ order: count, group: z.string(), life: z.string(), version: count, pushes: count });

/** What a client says that it has. */
export interface ClientCookie {
  /** Every cookie that it is given must be above. */
  readonly order: number;
  readonly cookie: SyncCookie | undefined;
}

/** Reads a cookie of ours; of anything else only what the next one must be above. */
export function readClaim(value: unknown): ClientCookie {
  const cookie = COOKIE.safeParse(value).data;
  if (cookie) return { order: cookie.order, cookie };
  const order = typeof value === "object" && value !== null && "order" in value ? value.order : value;
  return { order: count.safeParse(order).data ?? 0, cookie: undefined };
}

/** What a client's cookie means to its group. */
export type CookieStatus =
  /** It has this version. */
  | { readonly kind: "known"; readonly version: number; readonly pushes: number }
  /** It has nothing that we know of. `lost`: it has a version that is still to come, so the view must begin a new life. */
  | { readonly kind: "unknown"; readonly lost: boolean }
  /** It has seen pushes that never were: this is an older copy of the database. */
  | { readonly kind: "ahead" };

export function standingOf({ cookie }: ClientCookie, { key, view, pushes }: ClientGroup): CookieStatus {
  if (!cookie || view.life === "") return NOTHING_KNOWN;
  if (cookie.life === view.parent && cookie.life !== "") {
    // From another group's state: of its own mutations it knows none yet.
    const isShared = cookie.version <= view.forked && cookie.version >= view.floor;
    return isShared ? { kind: "known", version: cookie.version, pushes: 0 } : NOTHING_KNOWN;
  }
  if (cookie.group !== key || cookie.life !== view.life) return NOTHING_KNOWN;
  if (cookie.pushes > pushes) return { kind: "ahead" };
  const lost = cookie.version > view.version;
  if (lost || cookie.version < view.floor) return { kind: "unknown", lost };
  return { kind: "known", version: cookie.version, pushes: cookie.pushes };
}

const NOTHING_KNOWN: CookieStatus = { kind: "unknown", lost: false };

/** The cookie that a client is given next. */
export interface NextCookie {
  readonly cookie: SyncCookie;
  readonly shift: number;
}

/**
 * Orders follow versions and pushes, so that two tabs agree which of their cookies is the newer one. Where the client
 * has a higher one already, the group's orders are shifted.
 */
export function nextCookie(
  { order }: ClientCookie,
  { key, life, shift }: { readonly key: string; readonly life: string; readonly shift: number },
  version: number,
  pushes: number,
): NextCookie {
  const shifted = Math.max(shift, order + 1 - version - pushes);
  return { cookie: { order: shifted + version + pushes, group: key, life, version, pushes }, shift: shifted };
}
