import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { decodeJwt } from "jose";
import { JsonEventClient } from "@headwater/testing/clients/json-event-client.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { SseStream } from "@headwater/testing/clients/sse-stream.ts";
import { MEMBERS_NOTES } from "@headwater/testing/servers/collections.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { TASK_HOOKS } from "../tasks/driven-task.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
let superuser: SuperuserClient;
let user: { readonly id: string; readonly token: string };

beforeAll(async () => {
  server = await startServer({ args: ["--hooks", TASK_HOOKS] });
  superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(MEMBERS_NOTES);
  user = await superuser.createUser("ann");
});
afterAll(() => server[Symbol.asyncDispose]());

/** A token that is valid for so many seconds. */
async function tokenFor(seconds: number): Promise<string> {
  const path = `/api/collections/users/impersonate/${user.id}`;
  return (await superuser.request<{ token: string }>("POST", path, { body: { duration: seconds } })).body.token;
}

const hasExpired = (token: string): boolean => Date.now() >= decodeJwt(token).exp! * 1_000;
const connectionOf = async (id: string): Promise<unknown> =>
  (await superuser.request<{ auth: unknown }>("GET", `/api/realtime/connections/${id}`)).body;

test("an event stream becomes a guest's, and its next subscriptions may be another user's", async () => {
  using stream = await SseClient.connect(server.url);
  const token = await tokenFor(2);
  await stream.subscribe([`${MEMBERS_NOTES.name}/*`], token);
  const before = await superuser.create(MEMBERS_NOTES.name, { title: "before" });
  await stream.inbox.until(({ length }) => length === 1);
  expect(await connectionOf(stream.id)).toMatchObject({ auth: { id: user.id } });
  while (((await connectionOf(stream.id)) as { auth: unknown }).auth !== null) await Bun.sleep(20);
  expect(hasExpired(token)).toBe(true);
  await superuser.create(MEMBERS_NOTES.name, { title: "after" });
  const other = await superuser.createUser("bob");
  await stream.subscribe([`${MEMBERS_NOTES.name}/*`], other.token);
  const back = await superuser.create(MEMBERS_NOTES.name, { title: "back" });
  await stream.inbox.until(({ length }) => length === 2);
  expect(stream.events.map(({ data }) => JSON.parse(data).record.id)).toEqual([before.id, back.id]);
});

test("a newer token takes the place of the one before", async () => {
  using stream = await SseClient.connect(server.url);
  using socket = await SocketClient.connect(server.url, { headers: { authorization: await tokenFor(2) } });
  const old = await tokenFor(1);
  await stream.subscribe(["x"], old);
  await stream.subscribe(["x"], user.token);
  await socket.request({ type: "auth", token: user.token });
  // Expires after both.
  using last = await SocketClient.connect(server.url, { headers: { authorization: await tokenFor(3) } });
  expect((await last.closed).code).toBe(4001);
  expect(socket.isOver).toBe(false);
  expect(await connectionOf(stream.id)).toMatchObject({ auth: { id: user.id } });
});

test("a WebSocket is closed with auth_expired, and may come back with a new token", async () => {
  const token = await tokenFor(2);
  using socket = await SocketClient.connect(server.url);
  await socket.request({ type: "auth", token });
  expect(await socket.closed).toMatchObject({ code: 4001, reason: "auth_expired" });
  expect(hasExpired(token)).toBe(true);
});

test("a WebSocket that signed out before is not closed", async () => {
  using socket = await SocketClient.connect(server.url, { headers: { authorization: await tokenFor(1) } });
  await socket.request({ type: "auth", token: null });
  using other = await SocketClient.connect(server.url, { headers: { authorization: await tokenFor(2) } });
  await other.closed;
  await socket.request({ type: "ping" });
});

test("a poke stream ends", async () => {
  const token = await tokenFor(2);
  const ended = Promise.withResolvers<void>();
  const headers = { authorization: token };
  const handlers = { onBlock: () => {}, onEnd: () => ended.resolve() };
  await SseStream.open(`${server.url}/api/v1/replicache/stream`, handlers, headers);
  await ended.promise;
  expect(hasExpired(token)).toBe(true);
  const metrics = await superuser.request("GET", "/api/metrics");
  expect(metrics.text).toContain('headwater_closes_total{reason="auth_expired"}');
});

test("a task's stream ends with auth_expired", async () => {
  const token = await tokenFor(2);
  const { body } = await request<{ id: string }>(server.url, "POST", "/api/tasks", {
    token,
    body: { name: "members-only" },
  });
  using stream = await JsonEventClient.open(`${server.url}/api/tasks/${body.id}/stream`, { authorization: token });
  await stream.ended;
  expect(stream.events.at(-1)).toMatchObject({ event: "connection_close", data: { reason: "auth_expired" } });
  expect(hasExpired(token)).toBe(true);
});

test("every kind of stream ends before one whose token is valid for two seconds more", async () => {
  const token = await tokenFor(2);
  const base = `${server.url}/api/v1/replicache`;
  const ended: string[] = [];
  const stream = (name: string, url: string, headers: Record<string, string> = {}) =>
    SseStream.open(url, { onBlock: () => {}, onEnd: () => void ended.push(name) }, headers);
  const ticket = await request<{ ticket: string }>(server.url, "POST", "/api/v1/replicache/ticket", { token });
  const task = await request<{ id: string }>(server.url, "POST", "/api/tasks", {
    token,
    body: { name: "members-only" },
  });
  await stream("pokes", `${base}/stream`, { authorization: token });
  await stream("pokes of a ticket", `${base}/events?ticket=${ticket.body.ticket}`);
  await stream("task", `${server.url}/api/tasks/${task.body.id}/stream`, { authorization: token });
  using socket = await SocketClient.connect(server.url, { headers: { authorization: token } });
  await socket.request({ type: "sync", on: true });
  void socket.closed.then(() => ended.push("WebSocket"));
  // The version is public: its stream needs no token, and outlives the one that it was opened with.
  const version = await stream("version", `${server.url}/api/utils/version/stream`, { authorization: token });
  using later = await SocketClient.connect(server.url, { headers: { authorization: await tokenFor(4) } });
  expect((await later.closed).code).toBe(4001);
  expect(ended.toSorted()).toEqual(["WebSocket", "pokes", "pokes of a ticket", "task"]);
  version.close();
});
