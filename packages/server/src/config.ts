import { resolve } from "node:path";
import { UserError } from "./lib/user-error.ts";

/** How the server runs. Settings of the data itself live in the database. */
export interface Config {
  /** The data folder, absolute. */
  readonly dir: string;
  readonly host: string;
  /** 0 lets the system choose a free one. */
  readonly port: number;
  /** Origins that browsers may call from; `*` and `?` are wildcards. */
  readonly origins: readonly string[];
  readonly logLevel: LogLevel;
  /** How long and how many changes are kept for clients that come back. */
  readonly retention: Retention;
  readonly limits: Limits;
  /** Who may listen to a channel that the application has not declared: all, or nobody but superusers. */
  readonly channels: Channels;
  /** When a WebSocket is pinged after its last sign of life, and what the answer may take. */
  readonly pulse: { readonly pingMs: number; readonly pongMs: number };
  /** The longest that streams are ended one after the other when the server stops. */
  readonly drainMs: number;
  readonly environment: Environment;
  /** After so long without an event the streams of tasks and of the version get a heartbeat. */
  readonly heartbeatMs: number;
  /** What is deployed: told by the stream of the version. */
  readonly release: Release;
}

const ENVIRONMENTS = ["development", "production"] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

export interface Release {
  /** "" for Headwater's own. */
  readonly version: string;
  /** "" where it is not known. */
  readonly commit: string;
}

const HEARTBEAT_S: Readonly<Record<Environment, number>> = { development: 5, production: 30 };

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const CHANNELS = ["open", "declared"] as const;
export type Channels = (typeof CHANNELS)[number];

/** How much of the log is kept: what is older or beyond that number goes, and clients that far back must resync. */
export interface Retention {
  readonly maxAgeMs: number;
  readonly maxChanges: number;
}

/** What realtime clients may take. */
export interface Limits {
  /** Connections in all; 0: no limit, here and in the next two. */
  readonly connections: number;
  readonly connectionsPerIp: number;
  readonly connectionsPerUser: number;
  /** Streams and subscriptions that may wait to be set up. */
  readonly setups: number;
  /** Requests for other subscriptions that one event stream may make in the long run. */
  readonly requestsPerSecond: number;
  /** Subscriptions of one WebSocket. */
  readonly socketSubscriptions: number;
  /** Requests for other subscriptions that one WebSocket may make a second, and at once. */
  readonly socketRequestsPerSecond: number;
  /** Bytes of one message to a WebSocket. */
  readonly socketMessageBytes: number;
}

/** One setting: its flag, its environment variable, and what holds when neither is given. */
export interface Setting {
  readonly flag: string;
  readonly variable: string;
  readonly fallback: string;
  readonly help: string;
}

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

/**
 * Joins flags and environment; a flag wins, and an empty variable counts as none.
 *
 * @throws UserError for a value that can't be used
 */
export function readConfig(
  flags: Readonly<Partial<Record<SettingName, string | undefined>>>,
  environment: Readonly<Record<string, string | undefined>>,
): Config {
  const given = <Value>(name: SettingName, parse: (text: string) => Value | undefined, wanted: string): Value => {
    const { flag, variable, fallback } = SETTINGS[name];
    const text = flags[name] ?? (environment[variable] || fallback);
    const value = parse(text);
    if (value !== undefined) return value;
    throw new UserError(`${flags[name] === undefined ? variable : flag} must be ${wanted}, not "${text}".`);
  };
  const purpose = given(
    "environment",
    (text) => ENVIRONMENTS.find((name) => name === text),
    `one of ${ENVIRONMENTS.join(", ")}`,
  );
  const { host, port } = given("http", parseAddress, "HOST:PORT such as 127.0.0.1:8090");
  return Object.freeze({
    dir: given("dir", (text) => (text === "" ? undefined : resolve(text)), "the path of a folder"),
    host,
    port,
    origins: given("origins", parseOrigins, "a list such as https://example.com,https://*.example.com"),
    retention: Object.freeze({
      maxAgeMs: given("keepHours", parsePositive, "a number above 0") * 3_600_000,
      maxChanges: Math.ceil(given("keepChanges", parsePositive, "a number above 0")),
    }),
    limits: Object.freeze({
      connections: given("maxConnections", parseCount, "a whole number"),
      connectionsPerIp: given("maxConnectionsPerIp", parseCount, "a whole number"),
      connectionsPerUser: given("maxConnectionsPerUser", parseCount, "a whole number"),
      setups: given("maxSetups", parseCount, "a whole number"),
      requestsPerSecond: given("requestRate", parsePositive, "a number above 0"),
      socketSubscriptions: given("maxSubscriptions", parseCount, "a whole number"),
      socketRequestsPerSecond: given("subscribeRate", parsePositive, "a number above 0"),
      socketMessageBytes: given("maxMessageBytes", parseCount, "a whole number"),
    }),
    pulse: Object.freeze({
      pingMs: given("pingSeconds", parsePositive, "a number above 0") * 1_000,
      pongMs: given("pongSeconds", parsePositive, "a number above 0") * 1_000,
    }),
    channels: given("channels", (text) => CHANNELS.find((kind) => kind === text), `one of ${CHANNELS.join(", ")}`),
    drainMs: given("drainSeconds", parseSeconds, "a number from 0 to 600") * 1_000,
    environment: purpose,
    heartbeatMs:
      given(
        "heartbeatSeconds",
        (text) => (text === "auto" ? HEARTBEAT_S[purpose] : parsePositive(text)),
        "a number of seconds above 0",
      ) * 1_000,
    release: Object.freeze({
      version: given("release", (text) => text, "a text"),
      commit: given("gitCommit", (text) => text, "a text"),
    }),
    logLevel: given(
      "logLevel",
      (text) => LOG_LEVELS.find((level) => level === text),
      `one of ${LOG_LEVELS.join(", ")}`,
    ),
  });
}

/** `HOST:PORT`; an IPv6 host stands in brackets, and no host means all addresses, as in Go. */
function parseAddress(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(\[[\da-f:.]+\]|[^\s:[\]/]*):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) return undefined;
  return { host: match[1]!.replace(/^\[|\]$/g, "") || "0.0.0.0", port };
}

function parsePositive(text: string): number | undefined {
  const number = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  return number > 0 ? number : undefined;
}

const parseCount = (text: string): number | undefined => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);

function parseSeconds(text: string): number | undefined {
  const seconds = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  return seconds <= 600 ? seconds : undefined;
}

function parseOrigins(text: string): readonly string[] | undefined {
  const origins = text.split(",").map((origin) => origin.trim().replace(/\/$/, ""));
  return origins.every((origin) => origin !== "" && !/\s/.test(origin)) ? origins : undefined;
}
