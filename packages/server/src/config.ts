import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { type FileLimits, readFileLimits } from "./flags/file-flags.ts";
import {
  oneOf,
  parseAddress,
  parseCount,
  parseHeaders,
  parseOrigins,
  parsePercent,
  parsePositive,
  parseSeconds,
} from "./flags/parse-values.ts";
import { type ImportLimits, readImportLimits } from "./flags/transfer-flags.ts";
import { ENVIRONMENTS, LOG_LEVELS, type SettingName, SETTINGS } from "./flags.ts";
import { UserError } from "./lib/user-error.ts";

/** How the server runs. Settings that belong to the data are in the database. */
export interface Config {
  /** The absolute path of the data folder. */
  readonly dir: string;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Origins that browsers may call from; `*` and `?` are wildcards. */
  readonly origins: readonly string[];
  /** Headers in which the proxy sends the client's address; none without a proxy. */
  readonly proxyHeaders: readonly string[];
  /** Encrypts the stored settings; "" to store them as they are. */
  readonly encryptionKey: string;
  readonly logLevel: LogLevel;
  /** How long, and how many, changes are kept for clients that reconnect. */
  readonly retention: Retention;
  readonly limits: Limits;
  readonly queries: QueryLimits;
  /** Who may subscribe to a channel that the application has not declared: everyone, or only superusers. */
  readonly channels: Channels;
  /** How long a WebSocket may be quiet before it is pinged, and how long it may take to answer. */
  readonly pulse: { readonly pingMs: number; readonly pongMs: number };
  /** What clients' filters read of related records; `undefined` for what the folder was made with. */
  readonly clientFilters: ClientFilters | undefined;
  /** How long a user still counts as present after the connection is lost. */
  readonly presenceGraceMs: number;
  /** The longest that ending all connections may take when the server stops. 0 ends them all at once. */
  readonly drainMs: number;
  readonly environment: Environment;
  /** How long task and version streams may be quiet before they get a heartbeat. */
  readonly heartbeatMs: number;
  /** What is deployed; sent by the version stream. */
  readonly release: Release;
}

export type Environment = (typeof ENVIRONMENTS)[number];

export interface Release {
  /** "" for Headwater's own version. */
  readonly version: string;
  /** "" if it is not known. */
  readonly commit: string;
}

const HEARTBEAT_S: Readonly<Record<Environment, number>> = { development: 5, production: 30 };

export type LogLevel = (typeof LOG_LEVELS)[number];

const DEFAULT_CONNECTIONS_PER_IP = 1_000;

const CHANNELS = ["open", "declared"] as const;
export type Channels = (typeof CHANNELS)[number];

const CLIENT_FILTERS = ["auto", "visible", "pocketbase"] as const;

/**
 * What a client's filter or sort reads of the records that it joins. `visible`: only what the client may list, and emails
 * that it sees. `pocketbase`: what PocketBase reads, which reveals more.
 */
export type ClientFilters = Exclude<(typeof CLIENT_FILTERS)[number], "auto">;

/** How much of the log is kept. Changes beyond any limit are deleted, and clients that need them must resync. */
export interface Retention {
  readonly maxAgeMs: number;
  readonly maxChanges: number;
  /** 0 for no limit. */
  readonly maxBytes: number;
}

/** Limits for realtime clients. */
export interface Limits {
  /** All connections. For this and the next two, 0 is no limit. */
  readonly connections: number;
  readonly connectionsPerIp: number;
  readonly connectionsPerUser: number;
  /** Whether limits by address apply to local addresses, which may be a proxy's. */
  readonly countsLocalAddresses: boolean;
  /** Requests that may wait to open a connection or change its subscriptions. */
  readonly setups: number;
  /** How often per second one event stream may change its subscriptions. */
  readonly requestsPerSecond: number;
  /** Subscriptions per WebSocket. */
  readonly socketSubscriptions: number;
  /** How often per second one WebSocket may change its subscriptions; also the largest burst. */
  readonly socketRequestsPerSecond: number;
  /** The size of one message that a WebSocket client sends. */
  readonly socketMessageBytes: number;
  /** The share of the time that evaluating one connection's subscriptions may take, from 0 to 1; 0 is no limit. */
  readonly evaluationShare: number;
  /** Bytes of subscriptions; 0 is no limit. */
  readonly subscriptionBytes: SharedLimit;
  /** Presence subscriptions; 0 is no limit. */
  readonly presence: SharedLimit & { readonly perConnection: number };
  /** Rooms that a client which syncs may be in or poke at once; 0 is no limit. */
  readonly syncRooms: number;
  /** How long a before or after hook may take, in milliseconds. For this and the next two, 0 is no limit. */
  readonly hookMs: number;
  /** How long code of the application may hold up others: without awaiting anything, or in a transaction. */
  readonly blockMs: number;
  /** The size of a task's input, of its result and of each of its events. */
  readonly taskBytes: number;
  readonly bodies: BodyLimits;
  readonly files: FileLimits;
  readonly imports: ImportLimits;
}

/** Limits for the bodies of requests. 0 is no limit. */
export interface BodyLimits {
  /** Bytes in memory. */
  readonly memory: SharedLimit;
  /** Members of all objects in one JSON body. */
  readonly keys: number;
  /** Items of all lists in one JSON body. */
  readonly items: number;
  /** Bytes of one push. */
  readonly pushBytes: number;
  readonly pushMutations: number;
  /** Bytes of one mutation. */
  readonly mutationBytes: number;
}

/** Limits for reads. 0 is no limit. */
export interface QueryLimits {
  /** How long one may take, in milliseconds. */
  readonly ms: number;
  /** Processes for queries that may be slow; with 0, all run on the main thread, without a limit. */
  readonly readers: number;
  /** Memory of one such process. */
  readonly readerBytes: number;
  /** The size of an answer with records. */
  readonly answerBytes: number;
  /** Records in one answer that `expand` adds. */
  readonly expanded: number;
  /** How long a superuser's SQL script may take, in milliseconds, and how many rows it returns. */
  readonly sqlMs: number;
  readonly sqlRows: number;
  /** How long measurements for advice on indexes may take, in milliseconds. */
  readonly adviceMs: number;
}

/** A limit for all connections together, and one for those of an address or an auth record. */
export interface SharedLimit {
  readonly total: number;
  readonly perClient: number;
}

/**
 * Combines flags and environment variables. A flag wins over its variable, and an empty variable counts as unset.
 *
 * @throws UserError if a value is not valid
 */
export function readConfig(flags: Flags, variables: Variables): Config {
  const read = settingReader(flags, variables);
  const environment = read("environment", oneOf(ENVIRONMENTS), `one of ${ENVIRONMENTS.join(", ")}`);
  const { host, port } = read("http", parseAddress, "HOST:PORT such as 127.0.0.1:8090");
  const parseHeartbeat = (text: string): number | undefined =>
    text === "auto" ? HEARTBEAT_S[environment] : parsePositive(text);
  const clientFilters = read("clientFilters", oneOf(CLIENT_FILTERS), `one of ${CLIENT_FILTERS.join(", ")}`);
  const proxyHeaders = read("trustedProxyHeader", parseHeaders, "a list of headers such as X-Forwarded-For");
  return Object.freeze({
    dir: read("dir", (text) => (text === "" ? undefined : resolve(text)), "the path of a folder"),
    host,
    port,
    origins: read("origins", parseOrigins, "a list such as https://example.com,https://*.example.com"),
    retention: Object.freeze({
      maxAgeMs: read("keepHours", parsePositive, "a number above 0") * 3_600_000,
      maxChanges: Math.ceil(read("keepChanges", parsePositive, "a number above 0")),
      maxBytes: read("keepMb", parseCount, "a whole number") * 2 ** 20,
    }),
    proxyHeaders,
    encryptionKey: readKey(read, variables),
    limits: readLimits(read, proxyHeaders.length > 0),
    queries: readQueryLimits(read),
    pulse: Object.freeze({
      pingMs: read("pingSeconds", parsePositive, "a number above 0") * 1_000,
      pongMs: read("pongSeconds", parsePositive, "a number above 0") * 1_000,
    }),
    channels: read("channels", oneOf(CHANNELS), `one of ${CHANNELS.join(", ")}`),
    clientFilters: clientFilters === "auto" ? undefined : clientFilters,
    presenceGraceMs: read("presenceGrace", parseSeconds, "a number from 0 to 600") * 1_000,
    drainMs: read("drainSeconds", parseSeconds, "a number from 0 to 600") * 1_000,
    environment,
    heartbeatMs: read("heartbeatSeconds", parseHeartbeat, "a number of seconds above 0") * 1_000,
    release: Object.freeze({
      version: read("release", (text) => text, "a text"),
      commit: read("gitCommit", (text) => text, "a text"),
    }),
    logLevel: read("logLevel", oneOf(LOG_LEVELS), `one of ${LOG_LEVELS.join(", ")}`),
  });
}

type Flags = Readonly<Partial<Record<SettingName, string | undefined>>>;
type Variables = Readonly<Record<string, string | undefined>>;

/** @param parse returns `undefined` for a value that is not valid. @param expected what the error message asks for */
type ReadSetting = <Value>(name: SettingName, parse: (text: string) => Value | undefined, expected: string) => Value;

const settingReader =
  (flags: Flags, variables: Variables): ReadSetting =>
  (name, parse, expected) => {
    const { flag, variable, fallback } = SETTINGS[name];
    const text = flags[name] ?? (variables[variable] || fallback);
    const value = parse(text);
    if (value !== undefined) return value;
    throw new UserError(`${flags[name] === undefined ? variable : flag} must be ${expected}, not "${text}".`);
  };

/** The setting names the variable that holds the key. */
function readKey(read: ReadSetting, variables: Variables): string {
  const name = read("encryptionEnv", (text) => text, "the name of an environment variable");
  const key = (name === "" ? undefined : variables[name]) ?? "";
  if (key !== "" && !AES_KEY_BYTES.has(Buffer.byteLength(key))) {
    throw new UserError(`The key in ${name} must have 32 characters.`);
  }
  return key;
}

/** AES-128 and AES-192 work too, as in PocketBase. */
const AES_KEY_BYTES: ReadonlySet<number> = new Set([16, 24, 32]);

function readLimits(read: ReadSetting, trustsProxy: boolean): Limits {
  const count = (name: SettingName): number => read(name, parseCount, "a whole number");
  const perIp = read(
    "maxConnectionsPerIp",
    (text) => (text === "auto" ? text : parseCount(text)),
    "a whole number or auto",
  );
  return Object.freeze({
    connections: count("maxConnections"),
    connectionsPerIp: perIp === "auto" ? DEFAULT_CONNECTIONS_PER_IP : perIp,
    connectionsPerUser: count("maxConnectionsPerUser"),
    countsLocalAddresses: trustsProxy || perIp !== "auto",
    setups: count("maxSetups"),
    requestsPerSecond: read("requestRate", parsePositive, "a number above 0"),
    socketSubscriptions: count("maxSubscriptions"),
    socketRequestsPerSecond: read("subscribeRate", parsePositive, "a number above 0"),
    socketMessageBytes: count("maxMessageBytes"),
    syncRooms: count("maxSyncRooms"),
    hookMs: read("hookSeconds", parseSeconds, "a number from 0 to 600") * 1_000,
    blockMs: read("blockSeconds", parseSeconds, "a number from 0 to 600") * 1_000,
    taskBytes: count("maxTaskBytes"),
    bodies: {
      memory: {
        total: count("maxBodyMemoryMb") * 2 ** 20,
        perClient: count("maxBodyMemoryMbPerClient") * 2 ** 20,
      },
      keys: count("maxBodyKeys"),
      items: count("maxBodyItems"),
      pushBytes: count("maxPushMb") * 2 ** 20,
      pushMutations: count("maxPushMutations"),
      mutationBytes: count("maxMutationMb") * 2 ** 20,
    },
    files: readFileLimits(read),
    imports: readImportLimits(read),
    evaluationShare: read("maxEvaluationPercent", parsePercent, "a number from 0 to 100") / 100,
    subscriptionBytes: { total: count("maxSubscriptionBytes"), perClient: count("maxSubscriptionBytesPerClient") },
    presence: {
      perConnection: count("maxPresenceRooms"),
      total: count("maxPresence"),
      perClient: count("maxPresencePerClient"),
    },
  });
}

const readQueryLimits = (read: ReadSetting): QueryLimits =>
  Object.freeze({
    ms: read("querySeconds", parseSeconds, "a number from 0 to 600") * 1_000,
    readers: read(
      "readers",
      (text) => (text === "auto" ? availableParallelism() : parseCount(text)),
      "a whole number or auto",
    ),
    readerBytes: read("readerMemoryMb", parseCount, "a whole number") * 2 ** 20,
    answerBytes: read("maxAnswerMb", parseCount, "a whole number") * 2 ** 20,
    expanded: read("maxExpand", parseCount, "a whole number"),
    sqlMs: read("sqlSeconds", parseSeconds, "a number from 0 to 600") * 1_000,
    adviceMs: read("adviceSeconds", parseSeconds, "a number from 0 to 600") * 1_000,
    sqlRows: read("sqlRows", parseCount, "a whole number"),
  });
