import { resolve } from "node:path";
import { ENVIRONMENTS, LOG_LEVELS, type SettingName, SETTINGS } from "./flags.ts";
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
  /** How long someone who has vanished still counts as present. */
  readonly presenceGraceMs: number;
  /** The longest that streams are ended one after the other when the server stops. */
  readonly drainMs: number;
  readonly environment: Environment;
  /** After so long without an event the streams of tasks and of the version get a heartbeat. */
  readonly heartbeatMs: number;
  /** What is deployed: told by the stream of the version. */
  readonly release: Release;
}

export type Environment = (typeof ENVIRONMENTS)[number];

export interface Release {
  /** "" for Headwater's own. */
  readonly version: string;
  /** "" where it is not known. */
  readonly commit: string;
}

const HEARTBEAT_S: Readonly<Record<Environment, number>> = { development: 5, production: 30 };

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
    presenceGraceMs: given("presenceGrace", parseSeconds, "a number from 0 to 600") * 1_000,
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
