import type { HeadwaterError } from "../errors.ts";

/** What carries events: one link at a time, opened again by whoever owns it. */
export interface Transport {
  readonly name: string;
  /** Returns before its listener hears anything. */
  open(listener: LinkListener): Link;
}

/** One connection to the server. Once it is closed from this side its listener hears nothing more. */
export interface Link {
  /** Replaces all that the link listens to, and who it is. Never rejects. */
  subscribe(request: SubscribeRequest): Promise<SubscribeOutcome>;
  close(): void;
  /** It seems to be dead: whoever else uses what carries it should not go on with that. */
  reportStalled?(): void;
}

/** Calls come in the order of the stream. */
export interface LinkListener {
  /** The server has greeted: from now on it may be subscribed. Called once. */
  opened(clientId: string): void;
  event(event: LinkEvent): void;
  /** The place has moved without an event. */
  cursor(id: string): void;
  bytes(count: number): void;
  /** The server asks for this pause before a reconnect. */
  retry(milliseconds: number): void;
  /** Something was skipped. */
  warning(error: HeadwaterError): void;
  /** The link is over. Called once, and last. */
  ended(end: LinkEnd): void;
}

export interface LinkEvent {
  /** The subscription that it belongs to, or the event's own name. */
  readonly name: string;
  readonly data: string;
  /** What the data says, where the transport has read it already: then there is no text. */
  readonly value?: unknown;
  readonly id: string | undefined;
}

export type LinkEnd =
  /** It may be tried again. */
  | { readonly kind: "lost"; readonly error: HeadwaterError }
  /** Trying again would end the same. */
  | { readonly kind: "refused"; readonly error: HeadwaterError };

export interface SubscribeRequest {
  /** Names of the subscriptions, options included. */
  readonly names: readonly string[];
  /** "" for a guest. */
  readonly token: string;
  /** The place behind which those that are new to the link want everything. */
  readonly since: string | undefined;
}

export type SubscribeOutcome =
  | { readonly kind: "accepted" }
  /** These can't be: the others were not subscribed either. */
  | { readonly kind: "refused"; readonly problems: ReadonlyMap<string, HeadwaterError> }
  /** `since` is no place of this server. */
  | { readonly kind: "unknown-place" }
  /** The token is not accepted. */
  | { readonly kind: "unauthorized"; readonly error: HeadwaterError }
  /** The link belongs to somebody else: another is needed. */
  | { readonly kind: "other-identity"; readonly error: HeadwaterError }
  /** The server knows no such link (any more), or nobody knows whether the request was carried out. */
  | { readonly kind: "gone"; readonly error: HeadwaterError }
  /** The server was too busy, and has done nothing. */
  | { readonly kind: "later"; readonly error: HeadwaterError };
