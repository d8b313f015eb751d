import type { Cursor } from "@headwater/protocol";
import type { HeadwaterError } from "../errors.ts";
import type { Resync } from "./events.ts";

/** What one subscription of the app hears. */
export interface SubscriptionListener {
  deliver(data: unknown, cursor: string | undefined): void;
  resync(resync: Resync): void;
  /** The server listens for it. */
  confirmed(): void;
  /** Nothing will come: the server refuses it, or there is no connection any more. */
  fail(error: HeadwaterError): void;
}

/**
 * How far the server is with a subscription on the present link. The answer to a request and the stream travel apart:
 * an id that arrives may have left before the request was carried out, and then says nothing about what it asked for.
 */
export type SubscriptionState =
  /** Not asked for on this link. */
  | { readonly kind: "away" }
  /** Asked for, without an answer yet. */
  | { readonly kind: "submitted"; readonly round: number }
  /** Granted, but ids may still be under way that left before. */
  | { readonly kind: "settling"; readonly round: number }
  /** Every id counts; its place is behind that of the link, or ahead of it while others are given what they missed. */
  | { readonly kind: "following" }
  /** Where the link is. */
  | { readonly kind: "live" };

/** A subscription on the server, shared by all in the app who want the same. */
export interface SharedSubscription {
  readonly name: string;
  readonly listeners: Set<SubscriptionListener>;
  state: SubscriptionState;
  /** Up to where it has everything, as far as is known for sure. The link's place counts instead while it is live. */
  cursor: Cursor | undefined;
  /** The place from which it was asked for on this link. */
  requestedSince: Cursor | undefined;
  /** It was granted before: without a place, what came meanwhile is lost. */
  wasAccepted: boolean;
}

/** Whether it is not known yet from where on the stream speaks of it. */
export const isPending = ({ state }: SharedSubscription): boolean =>
  state.kind === "submitted" || state.kind === "settling";

export const isBefore = (place: Cursor | undefined, cursor: Cursor): boolean =>
  place === undefined || place.epoch !== cursor.epoch || place.seq < cursor.seq;
