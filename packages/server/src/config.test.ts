import { expect, test } from "bun:test";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { readConfig } from "./config.ts";
import { UserError } from "./lib/user-error.ts";

test("defaults match PocketBase where it has the same setting", () => {
  expect(readConfig({}, {})).toEqual({
    dir: resolve("pb_data"),
    host: "127.0.0.1",
    port: 8090,
    origins: ["*"],
    proxyHeaders: [],
    encryptionKey: "",
    logLevel: "info",
    retention: { maxAgeMs: 72 * 3_600_000, maxChanges: 1_000_000, maxBytes: 2 ** 30 },
    limits: {
      connections: 50_000,
      connectionsPerIp: 1_000,
      connectionsPerUser: 1_000,
      countsLocalAddresses: false,
      setups: 8_192,
      requestsPerSecond: 100,
      socketSubscriptions: 100,
      socketRequestsPerSecond: 10,
      socketMessageBytes: 65_536,
      syncRooms: 100,
      hookMs: 30_000,
      blockMs: 5_000,
      bodies: {
        memory: { total: 134_217_728, perClient: 100_663_296 },
        keys: 50_000,
        items: 500_000,
        pushBytes: 67_108_864,
        pushMutations: 10_000,
        mutationBytes: 8_388_608,
      },
      taskBytes: 16_777_216,
      files: {
        unfinished: { total: 10_240 * 2 ** 20, perAccount: 5_120 * 2 ** 20, keepMs: 86_400_000 },
        s3Ms: 60_000,
        spool: { total: 10_240 * 2 ** 20, perClient: 5_120 * 2 ** 20 },
        thumbs: Math.max(1, availableParallelism() - 1),
        thumbPixels: 100_000_000,
      },
      imports: { running: 2, bytes: 4_096 * 2 ** 20 },
      evaluationShare: 0.1,
      subscriptionBytes: { total: 32 << 20, perClient: 8 << 20 },
      presence: { perConnection: 20, total: 50_000, perClient: 5_000 },
    },
    queries: {
      ms: 30_000,
      readers: availableParallelism(),
      readerBytes: 256 << 20,
      answerBytes: 64 << 20,
      expanded: 100_000,
      sqlMs: 180_000,
      sqlRows: 1_000,
      adviceMs: 60_000,
    },
    channels: "open",
    clientFilters: undefined,
    pulse: { pingMs: 25_000, pongMs: 10_000 },
    presenceGraceMs: 5_000,
    drainMs: 3_000,
    environment: "production",
    heartbeatMs: 30_000,
    release: { version: "", commit: "" },
  });
});

test("heartbeats are more frequent in development unless their interval is set", () => {
  const development = { HEADWATER_ENVIRONMENT: "development" };
  expect(readConfig({}, development).heartbeatMs).toBe(5_000);
  expect(readConfig({}, { ...development, SSE_HEARTBEAT_INTERVAL: "0.5" }).heartbeatMs).toBe(500);
  expect(() => readConfig({}, { SSE_HEARTBEAT_INTERVAL: "0" })).toThrow(UserError);
  expect(() => readConfig({}, { HEADWATER_ENVIRONMENT: "test" })).toThrow(UserError);
});

test("a flag wins over a variable, a variable over the default, and an empty variable counts as unset", () => {
  const variables = { HEADWATER_DIR: "/srv/a", HEADWATER_HTTP: "0.0.0.0:1", HEADWATER_ORIGINS: "" };
  const config = readConfig({ dir: "/srv/b" }, variables);
  expect(config).toMatchObject({ dir: "/srv/b", host: "0.0.0.0", port: 1, origins: ["*"] });
});

test.each([
  ["127.0.0.1:0", "127.0.0.1", 0],
  [":8080", "0.0.0.0", 8080],
  ["[::1]:90", "::1", 90],
  ["localhost:65535", "localhost", 65_535],
])("%s is an address", (http, host, port) => {
  expect(readConfig({ http }, {})).toMatchObject({ host, port });
});

test.each(["8090", "127.0.0.1", "::1:90", "a b:1", "host:65536", "host:-1", "http://x:1", ""])(
  "%p is not an address, and the message names the flag",
  (http) => {
    expect(() => readConfig({ http }, {})).toThrow(
      new UserError(`--http must be HOST:PORT such as 127.0.0.1:8090, not "${http}".`),
    );
  },
);

test("an invalid value in a variable is reported with the variable's name", () => {
  expect(() => readConfig({}, { HEADWATER_LOG_LEVEL: "loud" })).toThrow(
    'HEADWATER_LOG_LEVEL must be one of debug, info, warn, error, silent, not "loud".',
  );
});

test.each([
  [{ maxConnections: "-1" }, "--max-connections must be a whole number"],
  [{ maxSetups: "many" }, "--max-setups must be a whole number"],
  [{ requestRate: "0" }, "--request-rate must be a number above 0"],
  [{ drainSeconds: "601" }, "--drain-seconds must be a number from 0 to 600"],
])("%p is not a limit", (flags, message) => {
  expect(() => readConfig(flags, {})).toThrow(message);
});

test("origins are a list without empty entries", () => {
  expect(readConfig({ origins: "https://a.example/, https://*.b.example" }, {}).origins).toEqual([
    "https://a.example",
    "https://*.b.example",
  ]);
  expect(() => readConfig({ origins: "https://a.example,," }, {})).toThrow(UserError);
});

test("the config is immutable", () => {
  expect(Object.isFrozen(readConfig({}, {}))).toBe(true);
});

test("limits by address apply to local addresses if the client's own address is known, or if they are set", () => {
  const local = (flags: Parameters<typeof readConfig>[0]) => readConfig(flags, {}).limits.countsLocalAddresses;
  expect(local({ trustedProxyHeader: "X-Forwarded-For" })).toBe(true);
  expect(local({ maxConnectionsPerIp: "5" })).toBe(true);
  expect(local({ maxConnectionsPerIp: "auto" })).toBe(false);
});

test("several proxy headers may be trusted, and each must be a name", () => {
  expect(readConfig({ trustedProxyHeader: "Fly-Client-IP, X-Forwarded-For" }, {}).proxyHeaders).toEqual([
    "Fly-Client-IP",
    "X-Forwarded-For",
  ]);
  for (const trustedProxyHeader of ["X-Real IP", "a,,b", "a:b"]) {
    expect(() => readConfig({ trustedProxyHeader }, {})).toThrow(UserError);
  }
});

test("the key for the settings is in the variable that the flag names", () => {
  const key = "0123456789abcdef0123456789abcdef";
  expect(readConfig({ encryptionEnv: "APP_KEY" }, { APP_KEY: key }).encryptionKey).toBe(key);
  expect(readConfig({ encryptionEnv: "APP_KEY" }, {}).encryptionKey).toBe("");
  expect(() => readConfig({ encryptionEnv: "APP_KEY" }, { APP_KEY: "short" })).toThrow("APP_KEY must have 32");
});
