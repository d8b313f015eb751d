import type { SyncCookie } from "@headwater/protocol";
import { z } from "zod";
import type { Cursors } from "../log/cursors.ts";
import type { ClientGroup } from "./client-group.ts";

/** Orders stay below this, so that a larger one always exists. */
const MAX_ORDER = Number.MAX_SAFE_INTEGER - 2 ** 20;

const count = z.number().int().min(0).max(MAX_ORDER);
const COOKIE = z.object({
  order: count,
  group: z.string(),
  life: z.string(),
  version: count,
  pushes: count,
  place: z.string().optional(),
});

/** What a client says it has. */
export interface ClientCookie {
  /** The next cookie must have a higher order. */
  readonly order: number;
  /** Missing if the client sent none, or one that this server did not issue. */
  readonly cookie: SyncCookie | undefined;
}

/** Reads a cookie that this server issued. Of any other value only the order is used, if it has one. */
export function readCookie(value: unknown): ClientCookie {
  const cookie = COOKIE.safeParse(value).data;
  if (cookie) return { order: cookie.order, cookie };
  const order = typeof value === "object" && value !== null && "order" in value ? value.order : value;
  return { order: count.safeParse(order).data ?? 0, cookie: undefined };
}

/** What a client's cookie means to its group. */
export type CookieStatus =
  /** The client has this version. */
  | { readonly kind: "known"; readonly version: number; readonly pushes: number }
  /** The client must start over. `lost`: it has a version the view has not reached, so the view needs a new generation. */
  | { readonly kind: "unknown"; readonly lost: boolean }
  /** The client has seen pushes that this database has not: the database is an older copy. */
  | { readonly kind: "ahead" };

export function cookieStatusOf({ cookie }: ClientCookie, { key, view, pushes }: ClientGroup): CookieStatus {
  if (!cookie || view.generation === "") return UNKNOWN;
  if (cookie.life === view.parentGeneration && cookie.life !== "") {
    // The cookie of the group whose view was copied. None of its pushes are this group's.
    const isShared = cookie.version <= view.copiedVersion && cookie.version >= view.floor;
    return isShared ? { kind: "known", version: cookie.version, pushes: 0 } : UNKNOWN;
  }
  if (cookie.group !== key || cookie.life !== view.generation) return UNKNOWN;
  if (cookie.pushes > pushes) return { kind: "ahead" };
  const lost = cookie.version > view.version;
  if (lost || cookie.version < view.floor) return { kind: "unknown", lost };
  return { kind: "known", version: cookie.version, pushes: cookie.pushes };
}

const UNKNOWN: CookieStatus = { kind: "unknown", lost: false };

/**
 * Of a cookie from a part of the log that this database has lost, only its order counts: the view may have come to the same
 * version in another way. So may the pushes, and then the client is ahead.
 *
 * @param key of the client's group
 */
export function checkLineage(
  sent: ClientCookie,
  key: string,
  cursors: Pick<Cursors, "standingOf">,
): ClientCookie | "ahead" {
  const { order, cookie } = sent;
  const standing = cookie?.place === undefined ? "current" : cursors.standingOf(cookie.place);
  if (standing === "current") return sent;
  const isAhead = standing === "lost" && cookie!.group === key && cookie!.pushes > 0;
  return isAhead ? "ahead" : { order, cookie: undefined };
}

/** What the next cookie says the client has. */
export interface CookieContent {
  readonly key: string;
  readonly generation: string;
  readonly orderOffset: number;
  readonly version: number;
  readonly pushes: number;
  readonly place: string;
}

export interface NextCookie {
  readonly cookie: SyncCookie;
  /** At least the group's offset before. */
  readonly orderOffset: number;
}

/**
 * A cookie's order is `version + pushes + orderOffset`, so that two tabs agree which of their cookies is newer. If the
 * client already has a higher order, the group's offset grows. On the wire the generation is `life`.
 */
export function nextCookie(
  { order }: ClientCookie,
  { key, generation, orderOffset, version, pushes, place }: CookieContent,
): NextCookie {
  const offset = Math.max(orderOffset, order + 1 - version - pushes);
  return {
    cookie: { order: offset + version + pushes, group: key, life: generation, version, pushes, place },
    orderOffset: offset,
  };
}
