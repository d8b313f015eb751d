import type { Setting } from "./setting.ts";

/** Limits for realtime clients. */
export const REALTIME_SETTINGS = {
  maxConnections: {
    flag: "--max-connections",
    variable: "HEADWATER_MAX_CONNECTIONS",
    fallback: "50000",
    help: "maximum number of realtime connections; 0 is no limit",
  },
  maxConnectionsPerIp: {
    flag: "--max-connections-per-ip",
    variable: "HEADWATER_MAX_CONNECTIONS_PER_IP",
    fallback: "auto",
    help: "maximum number of realtime connections per address; 0 is no limit; auto is 1000, and none for local addresses, which may be a proxy's, unless a proxy header is trusted",
  },
  maxConnectionsPerUser: {
    flag: "--max-connections-per-user",
    variable: "HEADWATER_MAX_CONNECTIONS_PER_USER",
    fallback: "1000",
    help: "maximum number of realtime connections per auth record; 0 is no limit",
  },
  maxSetups: {
    flag: "--max-setups",
    variable: "HEADWATER_MAX_SETUPS",
    fallback: "8192",
    help: "requests that may wait to open a realtime connection or change its subscriptions; more are refused with 503",
  },
  requestRate: {
    flag: "--request-rate",
    variable: "HEADWATER_REQUEST_RATE",
    fallback: "100",
    help: "how often per second an event stream may change its subscriptions; bursts may be 20 times as large",
  },
  maxSubscriptions: {
    flag: "--max-subscriptions",
    variable: "HEADWATER_MAX_SUBSCRIPTIONS",
    fallback: "100",
    help: "maximum number of subscriptions per WebSocket",
  },
  subscribeRate: {
    flag: "--subscribe-rate",
    variable: "HEADWATER_SUBSCRIBE_RATE",
    fallback: "10",
    help: "how often per second a WebSocket may change its subscriptions; also the largest burst",
  },
  maxSubscriptionBytes: {
    flag: "--max-subscription-bytes",
    variable: "HEADWATER_MAX_SUBSCRIPTION_BYTES",
    fallback: "33554432",
    help: "maximum bytes of all subscriptions of all connections, besides the first 4 KiB of each; 0 is no limit",
  },
  maxSubscriptionBytesPerClient: {
    flag: "--max-subscription-bytes-per-client",
    variable: "HEADWATER_MAX_SUBSCRIPTION_BYTES_PER_CLIENT",
    fallback: "8388608",
    help: "the same for the connections of one address or one auth record; 0 is no limit",
  },
  maxPresenceRooms: {
    flag: "--max-presence-rooms",
    variable: "HEADWATER_MAX_PRESENCE_ROOMS",
    fallback: "20",
    help: "maximum number of presence subscriptions per connection; 0 is no limit",
  },
  maxPresence: {
    flag: "--max-presence",
    variable: "HEADWATER_MAX_PRESENCE",
    fallback: "50000",
    help: "maximum number of presence subscriptions of all connections, besides the first two of each; 0 is no limit",
  },
  maxPresencePerClient: {
    flag: "--max-presence-per-client",
    variable: "HEADWATER_MAX_PRESENCE_PER_CLIENT",
    fallback: "5000",
    help: "the same for the connections of one address or one auth record; 0 is no limit",
  },
  maxSyncRooms: {
    flag: "--max-sync-rooms",
    variable: "HEADWATER_MAX_SYNC_ROOMS",
    fallback: "100",
    help: "maximum number of rooms that a client which syncs may be in or poke at once, with names of 40 characters on average; 0 is no limit",
  },
  maxEvaluationPercent: {
    flag: "--max-evaluation-percent",
    variable: "HEADWATER_MAX_EVALUATION_PERCENT",
    fallback: "10",
    help: "percent of the time that evaluating one connection's subscriptions may take, besides half a millisecond for each change; an address or auth record may take twice that, and all together three times; 0 is no limit",
  },
  maxMessageBytes: {
    flag: "--max-message-bytes",
    variable: "HEADWATER_MAX_MESSAGE_BYTES",
    fallback: "65536",
    help: "maximum size of a message from a WebSocket client, in bytes",
  },
} as const satisfies Readonly<Record<string, Setting>>;
