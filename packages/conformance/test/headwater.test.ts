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
import { ApiClient } from "../src/profiles/pocketbase/api-client.ts";
import { HEARTBEAT_MS, startHeadwater, SUPERUSER } from "./support/headwater.ts";

setDefaultTimeout(60_000);

let server: ServerFixture;
let superuser: ApiClient;
beforeAll(async () => {
  server = await startHeadwater();
  const guest = new ApiClient(server.url);
  superuser = guest.withToken((await guest.signIn("_superusers", SUPERUSER.email, SUPERUSER.password)).token);
  // Before any stream opens, because a new collection pokes every user.
  const collection = {
    name: "ticks",
    type: "base",
    // For guests only, so that its records poke no user.
    listRule: "@request.auth.id = ''",
    createRule: "",
    fields: [{ name: "n", type: "number" }],
  };
  await superuser.requestOk("POST", "/api/collections", collection);
});
afterAll(() => server.stop());

async function expectAllPass<Options, World>(profile: Profile<Options, World>, options: Options): Promise<Report> {
  const report = await runProfile(profile, options, { target: server.url, clock: { heartbeatMs: HEARTBEAT_MS } });
  expect(report.results.filter(({ outcome }) => outcome.kind !== "passed")).toEqual([]);
  return report;
}

async function startTask(name: string): Promise<string> {
  return (await new ApiClient(server.url).requestOk<{ readonly id: string }>("POST", "/api/tasks", { name })).id;
}

const tasks = (url = server.url): TasksTarget => ({
  url,
  completes: () => startTask("completes"),
  fails: () => startTask("fails"),
  idles: () => startTask("idles"),
});

let users = 0;

/** Creates a user, so that each test pokes its own users. */
async function userToken(): Promise<string> {
  users += 1;
  const [email, password] = [`user${users}@example.com`, "1234567890"];
  await superuser.create("users", { email, password, passwordConfirm: password });
  return (await superuser.withToken("").signIn("users", email, password)).token;
}

test.concurrent("Headwater's task streams pass", async () => {
  await expectAllPass(tasksProfile, tasks());
});

test.concurrent("Headwater's version stream passes", async () => {
  await expectAllPass(versionProfile, { url: server.url });
});

test.concurrent("Headwater's Replicache stream passes", async () => {
  // Without the ping case: pings come every 30 seconds.
  const cases = replicacheStreamProfile.cases.filter(({ name }) => name !== "the stream is pinged again and again");
  await expectAllPass(
    { ...replicacheStreamProfile, cases },
    { url: server.url, token: await userToken(), otherToken: await userToken() },
  );
});

test.concurrent("a finished task's stream passes the sse profile", async () => {
  const id = await startTask("completes");
  const url = `${server.url}/api/tasks/${id}/stream`;
  const whole = await SseStream.open(url);
  await whole.ended;
  const report = await runProfile(
    jsonSseProfile,
    { url },
    { target: url, clock: { listenMs: 300, heartbeatMs: HEARTBEAT_MS } },
  );
  expect(report.results.filter(({ outcome }) => outcome.kind === "failed")).toEqual([]);
  const resumed = report.results.find(({ name }) => name.startsWith("Last-Event-ID"));
  expect(resumed?.outcome.kind).toBe("passed");
});

test.concurrent("the PocketBase stream passes the sse profile after a subscribe request", async () => {
  const guest = new ApiClient(server.url);
  const target = {
    url: `${server.url}/api/realtime`,
    trigger: () => guest.create("ticks", { n: 1 }),
    prepare: async (stream: SseStream) => {
      await stream.until(({ length }) => length > 0, "PB_CONNECT");
      const clientId = stream.events.items[0]!.lastEventId;
      await guest.requestOk("POST", "/api/realtime", { clientId, subscriptions: ["ticks/*"] });
    },
  };
  // Without the heartbeat case: heartbeats come every 20 seconds.
  const cases = sseProfile.cases.filter(({ name }) => name !== "an idle stream gets heartbeats");
  await expectAllPass({ ...sseProfile, cases }, target);
});
