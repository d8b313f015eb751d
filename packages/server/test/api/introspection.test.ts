import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { seqOfCursor } from "@headwater/testing/servers/cursors.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
let superuser: SuperuserClient;

beforeAll(async () => {
  server = await startServer();
  superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PUBLIC_NOTES);
  await superuser.createCollection({
    name: "inner",
    type: "base",
    listRule: "owner = @request.auth.id",
    fields: [{ name: "owner", type: "text" }],
  });
  await superuser.createCollection({ name: "closed", type: "base", listRule: null, fields: [] });
});

afterAll(() => server[Symbol.asyncDispose]());

interface WhyResponse {
  readonly answer: string;
  readonly position?: string;
  readonly reason?: string;
  readonly subscriptions?: readonly { readonly subscription: string; readonly answer: string }[];
}

const filtered = `notes/*?options=${encodeURIComponent(JSON.stringify({ query: { filter: "title = 'x'" } }))}`;

/** Writes a public note and waits for its event. @returns the event's cursor */
async function writeNote({ inbox }: SseClient, title: string): Promise<string> {
  await superuser.create("notes", { title });
  const isNote = ({ data }: { data: string }): boolean => data.includes(`"${title}"`);
  await inbox.until((events) => events.some(isNote));
  return inbox.items.find(isNote)!.id!;
}

const why = async ({ id }: SseClient, change: string): Promise<WhyResponse> =>
  (await superuser.request<WhyResponse>("GET", `/api/realtime/connections/${id}/why?change=${change}`)).body;

/** The place of the previous change. */
const before = (cursor: string): string => String(seqOfCursor(cursor)! - 1);

test("a superuser sees each connection with its subscriptions and cursor", async () => {
  const { id, token } = await superuser.createUser("seen");
  using client = await SseClient.connect(server.url);
  await client.subscribe(["notes/*", "inner/*"], token);
  await writeNote(client, "seen");
  const one = await superuser.request("GET", `/api/realtime/connections/${client.id}`);
  expect(one.body).toEqual({
    id: client.id,
    address: "127.0.0.1",
    transport: "sse",
    auth: { collection: "users", id },
    opened: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z$/),
    subscriptions: ["notes/*", "inner/*"],
    state: "live",
    cursor: expect.stringMatching(/^a\.[\w-]{22}$/),
    lag: 0,
    queuedBytes: 0,
  });
  const all = await superuser.request<{ items: unknown[]; totalItems: number }>(
    "GET",
    "/api/realtime/connections?perPage=1",
  );
  expect(all.body.items).toHaveLength(1);
  expect(all.body.totalItems).toBeGreaterThan(0);
});

test("`why` explains whether a change was delivered: topic, rule, filter, superusers only, position", async () => {
  const { token } = await superuser.createUser("asker");
  using late = await SseClient.connect(server.url);
  using client = await SseClient.connect(server.url);
  await client.subscribe(["notes/*", filtered, "inner/*", "closed/*"], token);
  const note = await writeNote(client, "why");
  expect(await why(client, note)).toMatchObject({
    answer: "delivered",
    position: "delivered",
    subscriptions: [
      { subscription: "notes/*", answer: "visible" },
      { subscription: `notes/*?options={"query":{"filter":"title = ***"}}`, answer: "filter" },
      { subscription: "inner/*", answer: "other-topic" },
      { subscription: "closed/*", answer: "other-topic" },
    ],
  });
  await superuser.create("inner", { owner: "nobody" });
  const hidden = await why(client, before(await writeNote(client, "after inner")));
  expect(hidden.answer).toBe("not-visible");
  expect(hidden.subscriptions?.[2]).toEqual({ subscription: "inner/*", answer: "rule" });
  await superuser.create("closed", {});
  const closed = await why(client, before(await writeNote(client, "after closed")));
  expect(closed.subscriptions?.[3]).toEqual({ subscription: "closed/*", answer: "superusers-only" });

  expect(await why(late, note)).toMatchObject({ answer: "no-subscriptions" });
  await late.subscribe(["notes/*"]);
  expect(await why(late, note)).toMatchObject({ answer: "before-subscription" });
  expect(await why(late, "999999")).toMatchObject({ answer: "not-written" });
});

test("`why` explains what a closed connection received", async () => {
  using witness = await SseClient.connect(server.url);
  await witness.subscribe(["notes/*"]);
  const client = await SseClient.connect(server.url);
  await client.subscribe(["notes/*"]);
  const got = await writeNote(client, "got");
  client.close();
  const isGone = async (): Promise<boolean> =>
    (await superuser.request("GET", `/api/realtime/connections/${client.id}`)).status === 404;
  while (!(await isGone())) await writeNote(witness, `still there ${Math.random()}`);
  const missed = await writeNote(witness, "missed");
  expect(await why(client, got)).toMatchObject({ answer: "closed", reason: "client" });
  expect(await why(client, missed)).toMatchObject({ answer: "closed-before", reason: "client" });
});

test("an invalid change, an unknown connection and a request by a guest are errors", async () => {
  using client = await SseClient.connect(server.url);
  const path = `/api/realtime/connections/${client.id}`;
  expect((await superuser.request("GET", `${path}/why?change=soon`)).body).toMatchObject({
    status: 400,
    data: { change: { code: "validation_invalid_cursor" } },
  });
  expect((await superuser.request("GET", "/api/realtime/connections/nobody/why?change=1")).status).toBe(404);
  for (const closed of ["/api/realtime/connections", path, `${path}/why?change=1`, "/api/metrics"]) {
    expect((await request(server.url, "GET", closed)).status).toBe(401);
  }
});

test("metrics count changes, deliveries, lag, rule evaluations, replays and closed connections", async () => {
  const client = await SseClient.connect(server.url);
  await client.subscribe(["notes/*"]);
  const first = await writeNote(client, "counted");
  await writeNote(client, "counted too");
  using back = await SseClient.connect(server.url, { "Last-Event-ID": first });
  await back.subscribe(["notes/*"]);
  await back.inbox.until((events) => events.some(({ data }) => data.includes("counted too")));
  const text = async (): Promise<string> => {
    const reply = await fetch(`${server.url}/api/metrics`, { headers: { Authorization: superuser.token } });
    expect(reply.headers.get("content-type")).toStartWith("text/plain");
    return reply.text();
  };
  const valueOf = (metrics: string, name: string): number =>
    Number(new RegExp(`^${name.replace(/[{}]/g, "\\$&")} (.+)$`, "m").exec(metrics)?.[1] ?? Number.NaN);
  const metrics = await text();
  expect(valueOf(metrics, "headwater_changes_published_total")).toBeGreaterThan(1);
  expect(valueOf(metrics, "headwater_deliveries_total")).toBeGreaterThan(1);
  expect(valueOf(metrics, "headwater_rule_seconds_count")).toBeGreaterThan(1);
  expect(valueOf(metrics, "headwater_commit_to_socket_seconds_count")).toBeGreaterThan(1);
  expect(valueOf(metrics, "headwater_replayed_changes_total")).toBeGreaterThan(0);
  expect(valueOf(metrics, "headwater_connections")).toBeGreaterThan(1);
  const closesBefore = valueOf(metrics, 'headwater_closes_total{reason="client"}') || 0;
  client.close();
  while (!((valueOf(await text(), 'headwater_closes_total{reason="client"}') || 0) > closesBefore))
    await writeNote(back, "wait");
});
