import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import {
  jsonSseProfile,
  type Profile,
  replicacheStreamProfile,
  type Report,
  runProfile,
  type ServerFixture,
  sseProfile,
  SseStream,
  type TasksTarget,
  tasksProfile,
  versionProfile,
} from "../src/index.ts";
import { Rest } from "../src/profiles/pocketbase/rest.ts";
import {
  BROKEN_REPLICACHE_SERVERS,
  BROKEN_TASK_SERVERS,
  BROKEN_VERSION_SERVERS,
  type BrokenHeadwater,
} from "./broken/headwater-servers.ts";
import { startProxy } from "./broken/proxy.ts";
import { HEARTBEAT_MS, startHeadwater, SUPERUSER } from "./support/headwater.ts";

setDefaultTimeout(60_000);

let server: ServerFixture;
let root: Rest;
beforeAll(async () => {
  server = await startHeadwater();
  const guest = new Rest(server.url);
  root = guest.as((await guest.signIn("_superusers", SUPERUSER.email, SUPERUSER.password)).token);
  // Before any stream is open: a new collection is a reason to poke everyone.
  const collection = {
    name: "ticks",
    type: "base",
    // For guests alone: nobody who syncs is poked by it.
    listRule: "@request.auth.id = ''",
    createRule: "",
    fields: [{ name: "n", type: "number" }],
  };
  await root.ok("POST", "/api/collections", collection);
});
afterAll(() => server.stop());

async function isAllGreen<Options, World>(profile: Profile<Options, World>, options: Options): Promise<Report> {
  const report = await runProfile(profile, options, { target: server.url });
  expect(report.results.filter(({ outcome }) => outcome.kind !== "passed")).toEqual([]);
  return report;
}

async function startTask(name: string): Promise<string> {
  return (await new Rest(server.url).ok<{ readonly id: string }>("POST", "/api/tasks", { name })).id;
}

const tasks = (url = server.url): TasksTarget => ({
  url,
  heartbeatMs: HEARTBEAT_MS,
  completes: () => startTask("completes"),
  fails: () => startTask("fails"),
  idles: () => startTask("idles"),
});

let people = 0;

/** Each test pokes people of its own. */
async function userToken(): Promise<string> {
  people += 1;
  const [email, password] = [`user${people}@example.com`, "1234567890"];
  await root.create("users", { email, password, passwordConfirm: password });
  return (await root.as("").signIn("users", email, password)).token;
}

test.concurrent("Headwater's task streams pass", async () => {
  await isAllGreen(tasksProfile, tasks());
});

test.concurrent("its version stream passes, as any stream of JSON too", async () => {
  await isAllGreen(versionProfile, { url: server.url, heartbeatMs: HEARTBEAT_MS });
});

test.concurrent("its stream for clients of Replicache passes", async () => {
  // All of it but the ping, which comes every 30 seconds.
  const cases = replicacheStreamProfile.cases.filter(({ name }) => name !== "it is pinged");
  await isAllGreen(
    { ...replicacheStreamProfile, cases },
    { url: server.url, token: await userToken(), otherToken: await userToken() },
  );
});

test.concurrent("a finished task's stream passes as any stream", async () => {
  const id = await startTask("completes");
  const url = `${server.url}/api/tasks/${id}/stream`;
  const whole = await SseStream.open(url);
  await whole.ended;
  const report = await runProfile(jsonSseProfile, { url, listenMs: 300, heartbeatMs: HEARTBEAT_MS }, { target: url });
  expect(report.results.filter(({ outcome }) => outcome.kind === "failed")).toEqual([]);
  const resumed = report.results.find(({ name }) => name.startsWith("Last-Event-ID"));
  expect(resumed?.outcome.kind).toBe("passed");
});

test.concurrent("PocketBase's stream passes as any stream, once it is subscribed", async () => {
  const guest = new Rest(server.url);
  const target = {
    url: `${server.url}/api/realtime`,
    listenMs: 1_000,
    heartbeatMs: 20_000,
    trigger: () => guest.create("ticks", { n: 1 }),
    prepare: async (stream: SseStream) => {
      await stream.until(({ length }) => length > 0, "PB_CONNECT");
      const clientId = stream.events.items[0]!.lastEventId;
      await guest.ok("POST", "/api/realtime", { clientId, subscriptions: ["ticks/*"] });
    },
  };
  // The heartbeat, which comes every 20 seconds, has a test of its own.
  const cases = sseProfile.cases.filter(({ name }) => name !== "a quiet stream gets a sign of life");
  await isAllGreen({ ...sseProfile, cases }, target);
});

async function isFoundOut<Options, World>(
  profile: Profile<Options, World>,
  { proxy, found, message }: BrokenHeadwater,
  options: (url: string) => Options,
): Promise<void> {
  const { url, stop } = startProxy(server.url, "", proxy);
  try {
    const report = await runProfile(profile, options(url), { target: url, only: found, patienceMs: 5_000 });
    const [result] = report.results;
    expect(result?.outcome.kind === "failed" && result.outcome.reason).toMatch(message);
  } finally {
    stop();
  }
}

for (const broken of BROKEN_TASK_SERVERS)
  test.concurrent(`task streams of a server that ${broken.fault} are found out by “${broken.found}”`, () =>
    isFoundOut(tasksProfile, broken, tasks),
  );

for (const broken of BROKEN_VERSION_SERVERS)
  test.concurrent(`the version stream of a server that ${broken.fault} is found out by “${broken.found}”`, () =>
    isFoundOut(versionProfile, broken, (url) => ({ url, heartbeatMs: HEARTBEAT_MS })),
  );

for (const broken of BROKEN_REPLICACHE_SERVERS)
  test.concurrent(
    `the Replicache stream of a server that ${broken.fault} is found out by “${broken.found}”`,
    async () => {
      const [token, otherToken] = [await userToken(), await userToken()];
      await isFoundOut(replicacheStreamProfile, broken, (url) => ({ url, token, otherToken, pingMs: 300 }));
    },
  );

test("every case has a fault that it finds", () => {
  const missing = (
    profile: { readonly cases: readonly { readonly name: string }[] },
    broken: readonly BrokenHeadwater[],
  ) => profile.cases.filter(({ name }) => !broken.some(({ found }) => name.startsWith(found))).map(({ name }) => name);
  expect(missing(tasksProfile, BROKEN_TASK_SERVERS)).toEqual([]);
  expect(missing(versionProfile, BROKEN_VERSION_SERVERS)).toEqual([]);
  expect(missing(replicacheStreamProfile, BROKEN_REPLICACHE_SERVERS)).toEqual([]);
});
