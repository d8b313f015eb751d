import type { HeadwaterError } from "../errors.ts";
import type { Resync } from "./events.ts";

/** One of the app's subscriptions. Several may share a subscription on the server. */
export interface SubscriptionListener {
  deliver(data: unknown, cursor: string | undefined): void;
  resync(resync: Resync): void;
  /** The server has accepted the subscription. */
  confirmed(): void;
  /** The subscription has ended: the server rejected it, or the connection has failed. */
  fail(error: HeadwaterError): void;
}

/**
 * The state of a subscription on the current link. Responses and stream events arrive independently: an id may have
 * been sent before the server processed a request, and then doesn't cover the subscriptions in that request.
 */
export type SubscriptionState =
  /** Not requested on this link. */
  | { readonly kind: "unsubscribed" }
  /** Requested, without a response yet. */
  | { readonly kind: "requested"; readonly round: number }
  /** Accepted, but ids sent before that may still arrive. */
  | { readonly kind: "settling"; readonly round: number }
  /** Ids that count for all count for it. It has a cursor of its own while others are elsewhere. */
  | { readonly kind: "tracking" }
  /** Its cursor is the link's cursor. */
  | { readonly kind: "live" };

/** A subscription on the server, shared by all of the app's subscriptions with the same name. */
export interface SharedSubscription {
  readonly name: string;
  readonly listeners: Set<SubscriptionListener>;
  state: SubscriptionState;
  /** Everything up to here was certainly received. While the subscription is live, the link's cursor counts instead. */
  cursor: string | undefined;
  /** It was requested with a cursor on this link. */
  wasReplayed: boolean;
  /** The server has accepted it before. If it has no cursor, events between two links are lost. */
  wasAccepted: boolean;
}

/** Whether ids that arrive may have been sent before the server accepted it. */
export const isPending = ({ state }: SharedSubscription): boolean =>
  state.kind === "requested" || state.kind === "settling";
