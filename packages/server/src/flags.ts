export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export const ENVIRONMENTS = ["development", "production"] as const;

/** One setting: its flag, its environment variable, and what holds when neither is given. */
interface Setting {
  readonly flag: string;
  readonly variable: string;
  readonly fallback: string;
  readonly help: string;
}

/** Every setting of the server. */
export const SETTINGS = {
  dir: {
    flag: "--dir",
    variable: "HEADWATER_DIR",
    fallback: "pb_data",
    help: "the data folder; made if it is missing",
  },
  http: {
    flag: "--http",
    variable: "HEADWATER_HTTP",
    fallback: "127.0.0.1:8090",
    help: "the address to listen on, HOST:PORT",
  },
  origins: {
    flag: "--origins",
    variable: "HEADWATER_ORIGINS",
    fallback: "*",
    help: "origins that browsers may call from, separated by commas; * and ? are wildcards",
  },
  logLevel: {
    flag: "--log-level",
    variable: "HEADWATER_LOG_LEVEL",
    fallback: "info",
    help: `the least level to log: ${LOG_LEVELS.join(", ")}`,
  },
  keepHours: {
    flag: "--keep-hours",
    variable: "HEADWATER_KEEP_HOURS",
    fallback: "72",
    help: "hours for which changes are kept for clients that come back",
  },
  keepChanges: {
    flag: "--keep-changes",
    variable: "HEADWATER_KEEP_CHANGES",
    fallback: "1000000",
    help: "changes that are kept for clients that come back",
  },
  maxConnections: {
    flag: "--max-connections",
    variable: "HEADWATER_MAX_CONNECTIONS",
    fallback: "50000",
    help: "realtime connections; 0 is no limit",
  },
  maxConnectionsPerIp: {
    flag: "--max-connections-per-ip",
    variable: "HEADWATER_MAX_CONNECTIONS_PER_IP",
    fallback: "0",
    help: "realtime connections from one address; 0 is no limit, which suits a server behind a proxy",
  },
  maxConnectionsPerUser: {
    flag: "--max-connections-per-user",
    variable: "HEADWATER_MAX_CONNECTIONS_PER_USER",
    fallback: "0",
    help: "realtime connections of one auth record; 0 is no limit",
  },
  maxSetups: {
    flag: "--max-setups",
    variable: "HEADWATER_MAX_SETUPS",
    fallback: "8192",
    help: "realtime connections that may wait to be set up; the others are told to come back later",
  },
  requestRate: {
    flag: "--request-rate",
    variable: "HEADWATER_REQUEST_RATE",
    fallback: "100",
    help: "times a second that an event stream may change its subscriptions, 20 times as many at once",
  },
  maxSubscriptions: {
    flag: "--max-subscriptions",
    variable: "HEADWATER_MAX_SUBSCRIPTIONS",
    fallback: "100",
    help: "patterns that a WebSocket may subscribe to",
  },
  subscribeRate: {
    flag: "--subscribe-rate",
    variable: "HEADWATER_SUBSCRIBE_RATE",
    fallback: "10",
    help: "times a second, and at once, that a WebSocket may change its subscriptions",
  },
  maxMessageBytes: {
    flag: "--max-message-bytes",
    variable: "HEADWATER_MAX_MESSAGE_BYTES",
    fallback: "65536",
    help: "bytes of a message to a WebSocket",
  },
  pingSeconds: {
    flag: "--ping-seconds",
    variable: "HEADWATER_PING_SECONDS",
    fallback: "25",
    help: "seconds after a WebSocket's last sign of life in which it is pinged",
  },
  pongSeconds: {
    flag: "--pong-seconds",
    variable: "HEADWATER_PONG_SECONDS",
    fallback: "10",
    help: "seconds in which a WebSocket must answer a ping",
  },
  channels: {
    flag: "--channels",
    variable: "HEADWATER_CHANNELS",
    fallback: "open",
    help: "open: anybody may listen to a channel that no hook has declared; declared: superusers only",
  },
  presenceGrace: {
    flag: "--presence-grace",
    variable: "HEADWATER_PRESENCE_GRACE",
    fallback: "5",
    help: "seconds for which someone whose connection is gone still counts as present",
  },
  drainSeconds: {
    flag: "--drain-seconds",
    variable: "HEADWATER_DRAIN_SECONDS",
    fallback: "3",
    help: "the longest that streams are ended one after the other when the server stops; 0 ends all at once",
  },
  environment: {
    flag: "--environment",
    variable: "HEADWATER_ENVIRONMENT",
    fallback: "production",
    help: `what the server is used for: ${ENVIRONMENTS.join(", ")}`,
  },
  heartbeatSeconds: {
    flag: "--heartbeat-seconds",
    variable: "SSE_HEARTBEAT_INTERVAL",
    fallback: "auto",
    help: "quiet seconds after which streams of tasks and of the version get a heartbeat; auto: 5 in development, 30 in production",
  },
  release: {
    flag: "--release",
    variable: "HEADWATER_RELEASE",
    fallback: "",
    help: "the version of what is deployed, for the stream of the version; Headwater's own unless given",
  },
  gitCommit: {
    flag: "--git-commit",
    variable: "GIT_COMMIT",
    fallback: "",
    help: "the commit of what is deployed, for the stream of the version",
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof SETTINGS;
