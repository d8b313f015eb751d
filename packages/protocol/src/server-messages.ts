import type { Correlated } from "./client-messages.ts";
import type { EventAction } from "./record-event.ts";
import type { PresenceEvent } from "./presence.ts";
import type { ResyncReason } from "./outgoing-event.ts";

/** A message from the server on the WebSocket: one JSON object each. */
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

/** The connection's auth record; `null` for a guest. */
export type SocketAuth = { readonly collection: string; readonly id: string } | null;

/** The first message. */
export interface ConnectedMessage {
  readonly type: "connected";
  readonly connectionId: string;
  /** The current end of the log: changes after it are sent live. */
  readonly cursor: string;
  readonly auth: SocketAuth;
  readonly limits: SocketLimits;
}

/** The limits of one connection. */
export interface SocketLimits {
  readonly subscriptions: number;
  /** Rate of `subscribe`, `unsubscribe` and `auth` messages, and the size of a burst. */
  readonly requestsPerSecond: number;
  readonly messageBytes: number;
}

export interface SubscribedMessage extends Correlated {
  readonly type: "subscribed";
  readonly pattern: string;
  /**
   * What the pattern matches. `channel` where you expect `collection` means that the collection's name is misspelled.
   */
  readonly kind: "all" | "collection" | "record" | "channel" | "presence";
  /** All changes after this cursor are sent. Absent if a replay follows. */
  readonly cursor?: string;
}

export interface UnsubscribedMessage extends Correlated {
  readonly type: "unsubscribed";
  readonly pattern: string;
}

/** The response to `auth`. */
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
  /** The connection's patterns that match the event. */
  readonly patterns: readonly string[];
  /** The change's cursor. Only in the last message of a change. */
  readonly cursor?: string;
}

/** A broadcast of the application to a channel, or to everyone. */
export interface CustomEventMessage {
  readonly type: "custom_event";
  /** Absent in a broadcast to everyone, which has no `patterns` either. */
  readonly channel?: string;
  readonly data: unknown;
  /** When it was sent, ISO 8601. */
  readonly timestamp: string;
  readonly patterns?: readonly string[];
  /** As in `RecordEventMessage`. Absent in volatile broadcasts, which are not in the log. */
  readonly cursor?: string;
}

/** An event of a room. Presence is not in the log. */
export type PresenceMessage = PresenceEvent & {
  readonly type: "presence";
  /** When it was sent, ISO 8601. */
  readonly timestamp: string;
  /** The connection's pattern for the room. */
  readonly patterns: readonly string[];
};

/** The client must reload: the server can't send what it missed. */
export interface ResyncMessage {
  readonly type: "resync";
  readonly reason: ResyncReason;
  /** The patterns to reload; all if absent. */
  readonly patterns?: readonly string[];
  /** As in `RecordEventMessage`. */
  readonly cursor?: string;
}

/** Sent on a quiet connection: the client has seen everything up to the cursor. */
export interface HeartbeatMessage {
  readonly type: "heartbeat";
  readonly cursor: string;
}

/** The user has something to pull. Also the response to `sync`, which has the rooms that the client named. */
export interface SyncPoke extends Correlated {
  readonly type: "sync";
  readonly rooms?: readonly string[];
}

export interface PongMessage extends Correlated {
  readonly type: "pong";
}

export interface ErrorMessage extends Correlated {
  readonly type: "error";
  readonly code: SocketErrorCode;
  readonly message: string;
  readonly pattern?: string;
  /** The patterns of a request for several that was refused as a whole. */
  readonly patterns?: readonly string[];
  /** The rooms that a `sync` was refused for. */
  readonly rooms?: readonly string[];
  /** Whether the same request may succeed later. */
  readonly retry: boolean;
  /** Seconds to wait before the retry. */
  readonly retryAfter?: number;
}

/** All error codes, and whether a retry may succeed. Codes are stable, messages may change. */
export const SOCKET_ERRORS = {
  bad_message: false,
  bad_pattern: false,
  bad_cursor: false,
  bad_filter: false,
  bad_search: false,
  bad_presence: false,
  bad_room: false,
  unknown_collection: false,
  forbidden: false,
  invalid_token: false,
  limit_message: false,
  limit_subscription: false,
  limit_subscriptions: false,
  limit_presence_rooms: false,
  limit_sync_rooms: false,
  limit_presence: true,
  limit_subscription_bytes: true,
  limit_requests: true,
  limit_connections_user: true,
  limit_setups: true,
  failed: true,
} as const satisfies Readonly<Record<string, boolean>>;

export type SocketErrorCode = keyof typeof SOCKET_ERRORS;

/** The subprotocol, and the prefix of a second one that carries the token: browsers can't send `Authorization`. */
export const SOCKET_PROTOCOL = "headwater";
export const TOKEN_PROTOCOL_PREFIX = "token.";

/** The server's close codes (RFC 6455, section 7.4). Bun itself adds 1002, 1007 and 1009. */
export const CLOSE_CODES = {
  /** Too many invalid messages. */
  flood: 1008,
  failed: 1011,
  shutdown: 1012,
  /** No response to a ping. */
  stale: 4000,
  /** The token has expired. A client that has a new one reconnects with it. */
  auth_expired: 4001,
} as const;

/** Close codes for errors of the client, which would be closed again for the same reason. */
const FINAL_CODES: ReadonlySet<number> = new Set([1000, 1002, 1003, 1007, CLOSE_CODES.flood, 1009, 1010]);

/** Whether a client should reconnect after this close code. 1006, a lost connection, is one of them. */
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

/**
 * Parses a server message without checking its fields.
 *
 * @returns `undefined` for types that this version doesn't know
 * @throws SyntaxError if the text is not JSON
 */
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
