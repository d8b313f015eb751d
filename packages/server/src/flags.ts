import { FILE_SETTINGS } from "./flags/file-flags.ts";
import { REALTIME_SETTINGS } from "./flags/realtime-flags.ts";
import type { Setting } from "./flags/setting.ts";
import { SQL_SETTINGS } from "./flags/sql-flags.ts";
import { TRANSFER_SETTINGS } from "./flags/transfer-flags.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export const ENVIRONMENTS = ["development", "production"] as const;

/** All settings of the server. */
export const SETTINGS = {
  dir: {
    flag: "--dir",
    variable: "HEADWATER_DIR",
    fallback: "pb_data",
    help: "the data folder; created if it is missing",
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
    help: "comma-separated origins that browsers may call from; * and ? are wildcards",
  },
  trustedProxyHeader: {
    flag: "--trusted-proxy-header",
    variable: "HEADWATER_TRUSTED_PROXY_HEADER",
    fallback: "",
    help: "comma-separated headers in which your proxy sends the client's address, such as X-Forwarded-For; without a proxy, clients could forge them",
  },
  encryptionEnv: {
    flag: "--encryption-env",
    variable: "HEADWATER_ENCRYPTION_ENV",
    fallback: "",
    help: "the environment variable with a key of 32 characters that encrypts the stored settings, as in PocketBase; by default they are not encrypted",
  },
  logLevel: {
    flag: "--log-level",
    variable: "HEADWATER_LOG_LEVEL",
    fallback: "info",
    help: `the lowest level to log: ${LOG_LEVELS.join(", ")}`,
  },
  keepHours: {
    flag: "--keep-hours",
    variable: "HEADWATER_KEEP_HOURS",
    fallback: "72",
    help: "hours for which changes are kept for clients that reconnect",
  },
  keepChanges: {
    flag: "--keep-changes",
    variable: "HEADWATER_KEEP_CHANGES",
    fallback: "1000000",
    help: "number of changes that are kept for clients that reconnect",
  },
  keepMb: {
    flag: "--keep-mb",
    variable: "HEADWATER_KEEP_MB",
    fallback: "1024",
    help: "megabytes of changes that are kept for clients that reconnect; 0 is no limit",
  },
  ...REALTIME_SETTINGS,
  ...SQL_SETTINGS,
  hookSeconds: {
    flag: "--hook-seconds",
    variable: "HEADWATER_HOOK_SECONDS",
    fallback: "30",
    help: "seconds that a before or after hook may take before it fails with an error that names it; 0 is no limit",
  },
  blockSeconds: {
    flag: "--block-seconds",
    variable: "HEADWATER_BLOCK_SECONDS",
    fallback: "5",
    help: "seconds that code of the application may hold up others: without awaiting anything, or in a transaction; 0 is no limit",
  },
  maxBodyMemoryMb: {
    flag: "--max-body-memory-mb",
    variable: "HEADWATER_MAX_BODY_MEMORY_MB",
    fallback: "128",
    help: "MiB of request bodies that may be in memory at once, besides the first 16 KiB of each; 0 is no limit",
  },
  maxBodyMemoryMbPerClient: {
    flag: "--max-body-memory-mb-per-client",
    variable: "HEADWATER_MAX_BODY_MEMORY_MB_PER_CLIENT",
    fallback: "96",
    help: "the same for the requests of one address; 0 is no limit",
  },
  maxBodyKeys: {
    flag: "--max-body-keys",
    variable: "HEADWATER_MAX_BODY_KEYS",
    fallback: "50000",
    help: "maximum number of keys in one JSON body; 0 is no limit",
  },
  maxBodyItems: {
    flag: "--max-body-items",
    variable: "HEADWATER_MAX_BODY_ITEMS",
    fallback: "500000",
    help: "maximum number of list items in one JSON body; 0 is no limit",
  },
  ...FILE_SETTINGS,
  ...TRANSFER_SETTINGS,
  maxPushMb: {
    flag: "--max-push-mb",
    variable: "HEADWATER_MAX_PUSH_MB",
    fallback: "64",
    help: "maximum size of a Replicache push, in MiB: a client sends all its unconfirmed mutations at once; 0 is no limit",
  },
  maxPushMutations: {
    flag: "--max-push-mutations",
    variable: "HEADWATER_MAX_PUSH_MUTATIONS",
    fallback: "10000",
    help: "mutations of one push that are done; the client then sends the rest again; 0 is no limit",
  },
  maxMutationMb: {
    flag: "--max-mutation-mb",
    variable: "HEADWATER_MAX_MUTATION_MB",
    fallback: "8",
    help: "maximum size of one mutation, in MiB; a larger one is rejected; 0 is no limit",
  },
  maxTaskBytes: {
    flag: "--max-task-bytes",
    variable: "HEADWATER_MAX_TASK_BYTES",
    fallback: "16777216",
    help: "maximum size of a task's input, of its result and of each of its events, in bytes; 0 is no limit",
  },
  querySeconds: {
    flag: "--query-seconds",
    variable: "HEADWATER_QUERY_SECONDS",
    fallback: "30",
    help: "seconds after which a query is cut; 0 is no limit",
  },
  readers: {
    flag: "--readers",
    variable: "HEADWATER_READERS",
    fallback: "auto",
    help: "processes that run slow queries; auto is one per core; with 0, slow queries stop all other requests",
  },
  readerMemoryMb: {
    flag: "--reader-memory-mb",
    variable: "HEADWATER_READER_MEMORY_MB",
    fallback: "256",
    help: "memory that one query may use in such a process, in MiB; 0 is no limit",
  },
  maxAnswerMb: {
    flag: "--max-answer-mb",
    variable: "HEADWATER_MAX_ANSWER_MB",
    fallback: "64",
    help: "maximum size of an answer with records, in MiB; 0 is no limit",
  },
  maxExpand: {
    flag: "--max-expand",
    variable: "HEADWATER_MAX_EXPAND",
    fallback: "100000",
    help: "maximum number of records that the expand parameter adds to an answer; 0 is no limit",
  },
  pingSeconds: {
    flag: "--ping-seconds",
    variable: "HEADWATER_PING_SECONDS",
    fallback: "25",
    help: "seconds of silence after which a WebSocket is pinged",
  },
  pongSeconds: {
    flag: "--pong-seconds",
    variable: "HEADWATER_PONG_SECONDS",
    fallback: "10",
    help: "seconds within which a WebSocket must answer a ping",
  },
  channels: {
    flag: "--channels",
    variable: "HEADWATER_CHANNELS",
    fallback: "open",
    help: "who may subscribe to a channel that the application has not declared: open for everyone, declared for superusers",
  },
  clientFilters: {
    flag: "--client-filters",
    variable: "HEADWATER_CLIENT_FILTERS",
    fallback: "auto",
    help: "what filters and sorts of clients read of related records: visible for what the client may see, pocketbase for what PocketBase reads, which reveals more; auto is pocketbase for folders that PocketBase made, else visible",
  },
  presenceGrace: {
    flag: "--presence-grace",
    variable: "HEADWATER_PRESENCE_GRACE",
    fallback: "5",
    help: "seconds for which a user still counts as present after the connection is lost",
  },
  drainSeconds: {
    flag: "--drain-seconds",
    variable: "HEADWATER_DRAIN_SECONDS",
    fallback: "3",
    help: "maximum seconds over which connections are ended when the server stops; 0 ends all at once",
  },
  environment: {
    flag: "--environment",
    variable: "HEADWATER_ENVIRONMENT",
    fallback: "production",
    help: `the kind of deployment: ${ENVIRONMENTS.join(", ")}`,
  },
  heartbeatSeconds: {
    flag: "--heartbeat-seconds",
    variable: "SSE_HEARTBEAT_INTERVAL",
    fallback: "auto",
    help: "seconds of silence after which task and version streams get a heartbeat; auto is 5 in development, 30 in production",
  },
  release: {
    flag: "--release",
    variable: "HEADWATER_RELEASE",
    fallback: "",
    help: "the deployed version, for the version stream; Headwater's own by default",
  },
  gitCommit: {
    flag: "--git-commit",
    variable: "GIT_COMMIT",
    fallback: "",
    help: "the deployed commit, for the version stream",
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof SETTINGS;
