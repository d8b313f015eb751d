import type { HeadwaterError } from "../errors.ts";

/** Opens links to the server. Its owner keeps one link at a time and opens the next one when it ends. */
export interface Transport {
  readonly name: string;
  /** Returns before it calls the listener. */
  open(listener: LinkListener): Link;
}

/** One connection to the server. After `close`, its listener is not called any more. */
export interface Link {
  /** Replaces the link's subscriptions and its token. Never rejects. */
  subscribe(request: SubscribeRequest): Promise<SubscribeOutcome>;
  close(): void;
  /** Reports that the link seems dead, so that others who share its connection stop using it too. */
  reportStalled?(): void;
}

/** Called in the order of the stream. */
export interface LinkListener {
  /** The server has accepted the connection. From now on `subscribe` may be called. Called once. */
  opened(clientId: string): void;
  event(event: LinkEvent): void;
  /** The cursor has moved without an event. */
  cursor(id: string): void;
  bytes(count: number): void;
  /** The server asks for this delay before a reconnect, in milliseconds. */
  retry(milliseconds: number): void;
  /** Invalid data was skipped. */
  warning(error: HeadwaterError): void;
  /** The link has ended. Called once, as the last call. */
  ended(end: LinkEnd): void;
}

export interface LinkEvent {
  /** The name of its subscription, or the event's own name. */
  readonly name: string;
  readonly data: string;
  /** The parsed data, if the transport has parsed it already. Then `data` is empty. */
  readonly value?: unknown;
  readonly id: string | undefined;
}

export type LinkEnd =
  /** A reconnect may succeed. */
  | { readonly kind: "lost"; readonly error: HeadwaterError }
  /** A reconnect would fail for the same reason. */
  | { readonly kind: "refused"; readonly error: HeadwaterError };

export interface SubscribeRequest {
  /** The names of all subscriptions, options included. */
  readonly names: readonly string[];
  /** "" for a guest. */
  readonly token: string;
  /** Cursors by name: a subscription that is new on the link gets all changes after its own. */
  readonly since: ReadonlyMap<string, string>;
}

export type SubscribeOutcome =
  | { readonly kind: "accepted" }
  /** These names can't be subscribed. The others were not subscribed either. */
  | { readonly kind: "refused"; readonly problems: ReadonlyMap<string, HeadwaterError> }
  /** The server doesn't know the cursor in `since`. */
  | { readonly kind: "unknown-cursor" }
  /** The server rejects the token. */
  | { readonly kind: "unauthorized"; readonly error: HeadwaterError }
  /** The link belongs to another user: a new link is needed. */
  | { readonly kind: "other-identity"; readonly error: HeadwaterError }
  /** The server doesn't know the link, or it is unknown whether the request was processed. */
  | { readonly kind: "gone"; readonly error: HeadwaterError }
  /** The server is busy and has not processed the request. */
  | { readonly kind: "retry-later"; readonly error: HeadwaterError };
