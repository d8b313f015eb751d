import type { Correlated } from "./client-messages.ts";
import type { EventAction } from "./record-event.ts";
import type { PresenceEvent } from "./presence.ts";
import type { ResyncReason } from "./outgoing-event.ts";

/** What the server says on the WebSocket, one JSON text a message. */
export type ServerMessage =
  | ConnectedMessage
  | SubscribedMessage
  | UnsubscribedMessage
  | AuthenticatedMessage
  | RecordEventMessage
  | CustomEventMessage
  | PresenceMessage
  | ResyncMessage
  | HeartbeatMessage
  | SyncPoke
  | PongMessage
  | ErrorMessage;

/** Who the connection is; `null` for a guest. */
export type SocketAuth = { readonly collection: string; readonly id: string } | null;

/** The first message. */
export interface ConnectedMessage {
  readonly type: "connected";
  readonly connectionId: string;
  /** Where the log is: what comes behind it is live. */
  readonly cursor: string;
  readonly auth: SocketAuth;
  readonly limits: SocketLimits;
}

/** What one connection may do. */
export interface SocketLimits {
  readonly subscriptions: number;
  /** Requests a second that change what it listens to, and as many at once. */
  readonly requestsPerSecond: number;
  readonly messageBytes: number;
}

export interface SubscribedMessage extends Correlated {
  readonly type: "subscribed";
  readonly pattern: string;
  /** What the name turned out to be. A channel is no collection: so a misspelt collection shows. */
  readonly kind: "all" | "collection" | "record" | "channel" | "presence";
  /** The place behind which it hears of all. Not there while the client is given what it missed. */
  readonly cursor?: string;
}

export interface UnsubscribedMessage extends Correlated {
  readonly type: "unsubscribed";
  readonly pattern: string;
}

/** The answer to `auth`. */
export interface AuthenticatedMessage extends Correlated {
  readonly type: "authenticated";
  readonly auth: SocketAuth;
}

export interface RecordEventMessage {
  readonly type: "record_event";
  readonly collection: string;
  readonly action: EventAction;
  readonly record: Readonly<Record<string, unknown>>;
  /** When it happened, ISO 8601. */
  readonly timestamp: string;
  /** Those of the connection's patterns that it matches. */
  readonly patterns: readonly string[];
  /** The change's place in the log, in the last message of a change. */
  readonly cursor?: string;
}

/** What the application told a channel, or everyone. */
export interface CustomEventMessage {
  readonly type: "custom_event";
  /** Without one it is for everyone, and comes by no pattern. */
  readonly channel?: string;
  readonly data: unknown;
  /** When it was told, ISO 8601. */
  readonly timestamp: string;
  readonly patterns?: readonly string[];
  /** As in `RecordEventMessage`; none in one that is volatile, which no log has. */
  readonly cursor?: string;
}

/** Who else is there, to those who asked to be seen. It is in no log. */
export type PresenceMessage = PresenceEvent & {
  readonly type: "presence";
  /** When it was told, ISO 8601. */
  readonly timestamp: string;
  /** The pattern that the client asked by. */
  readonly patterns: readonly string[];
};

/** Read everything anew: what was missed can't be had. */
export interface ResyncMessage {
  readonly type: "resync";
  readonly reason: ResyncReason;
  /** The patterns that it is about; all without it. */
  readonly patterns?: readonly string[];
  /** As in `RecordEventMessage`. */
  readonly cursor?: string;
}

/** On a connection that was quiet: it has seen everything up to there. */
export interface HeartbeatMessage {
  readonly type: "heartbeat";
  readonly cursor: string;
}

/** There is something to pull; also the answer to `sync`. */
export interface SyncPoke extends Correlated {
  readonly type: "sync";
}

export interface PongMessage extends Correlated {
  readonly type: "pong";
}

export interface ErrorMessage extends Correlated {
  readonly type: "error";
  readonly code: SocketErrorCode;
  readonly message: string;
  readonly pattern?: string;
  /** Does it help to try the same again? */
  readonly retry: boolean;
  /** Seconds after which it helps. */
  readonly retryAfter?: number;
}

/** Whether trying again helps, by the codes of all errors. Codes are the contract, messages are not. */
export const SOCKET_ERRORS = {
  bad_message: false,
  bad_pattern: false,
  bad_cursor: false,
  bad_filter: false,
  bad_presence: false,
  unknown_collection: false,
  forbidden: false,
  invalid_token: false,
  limit_message: false,
  limit_subscription: false,
  limit_subscriptions: false,
  limit_requests: true,
  limit_connections_user: true,
  limit_setups: true,
  failed: true,
} as const satisfies Readonly<Record<string, boolean>>;

export type SocketErrorCode = keyof typeof SOCKET_ERRORS;

/** The subprotocol that a client may name, and what its token follows: browsers can send no `Authorization`. */
export const SOCKET_PROTOCOL = "headwater";
export const TOKEN_PROTOCOL_PREFIX = "token.";

/** Codes with which the server closes (RFC 6455, section 7.4). Bun adds 1002, 1007 and 1009 by itself. */
export const CLOSE_CODES = {
  /** Too many messages that were wrong. */
  flood: 1008,
  failed: 1011,
  shutdown: 1012,
  /** No answer to a ping. */
  stale: 4000,
} as const;

/** Codes of closings that were the client's own doing: with the same it would be closed again. */
const FINAL_CODES: ReadonlySet<number> = new Set([1000, 1002, 1003, 1007, CLOSE_CODES.flood, 1009, 1010]);

/** May a client that was closed so come back? Also after 1006, which is what a cut looks like. */
export const mayReconnect = (code: number): boolean => !FINAL_CODES.has(code);

const TYPES: ReadonlySet<string> = new Set<ServerMessage["type"]>([
  "connected",
  "subscribed",
  "unsubscribed",
  "authenticated",
  "record_event",
  "custom_event",
  "presence",
  "resync",
  "heartbeat",
  "sync",
  "pong",
  "error",
]);

/** Reads what a server said; `undefined` for what this version does not know. What it knows is taken at its word. */
export function parseServerMessage(text: string): ServerMessage | undefined {
  const value: unknown = JSON.parse(text);
  const isKnown =
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    typeof value.type === "string" &&
    TYPES.has(value.type);
  return isKnown ? (value as ServerMessage) : undefined;
}
