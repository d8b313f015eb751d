import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  SuperuserClient,
  type ApiModel,
  type AuthResponse,
  signIn,
} from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { JsonEventClient } from "@headwater/testing/clients/json-event-client.ts";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { TASK_HOOKS } from "../tasks/driven-task.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
let superuser: SuperuserClient;

beforeAll(async () => {
  server = await startServer({ args: ["--hooks", TASK_HOOKS] });
  superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PUBLIC_NOTES);
  await superuser.createCollection({
    name: "inner",
    type: "base",
    listRule: "@request.auth.id != ''",
    viewRule: "@request.auth.id != ''",
    createRule: "@request.auth.id != ''",
    fields: [
      { name: "title", type: "text" },
      { name: "text", type: "text", max: 100_000 },
    ],
  });
});

afterAll(() => server[Symbol.asyncDispose]());

let made = 0;
const newUser = (): Promise<{ id: string; token: string }> => superuser.createUser(`someone${(made += 1)}`);

async function listener(token?: string): Promise<SseClient> {
  const client = await SseClient.connect(server.url);
  await client.subscribe(["inner/*", "notes/*"], token);
  return client;
}

/** Writes a public record and waits for its event: whatever was sent before it has arrived by then. */
async function barrier({ inbox }: SseClient): Promise<void> {
  const { id } = await superuser.create("notes", { title: "barrier" });
  await inbox.until((events) => events.some(({ data }) => data.includes(id)));
}

const titles = ({ events }: SseClient): unknown[] =>
  events
    .filter(({ event }) => event === "inner/*")
    .map(({ data }) => (JSON.parse(data) as { record: { title: unknown } }).record.title);

const write = (title: string, text = ""): Promise<unknown> => superuser.create("inner", { title, text });
const NEW_PASSWORD = { password: "another-one", passwordConfirm: "another-one" };

test("an open stream accepts a refreshed token, and still the old one, and misses nothing", async () => {
  const { token } = await newUser();
  const client = await listener(token);
  await write("1");
  const refreshed = await request<AuthResponse>(server.url, "POST", "/api/collections/users/auth-refresh", { token });
  expect(refreshed.status).toBe(200);
  await write("2");
  await client.subscribe(["inner/*", "notes/*"], refreshed.body.token);
  await write("3");
  await client.subscribe(["inner/*", "notes/*"], token);
  await write("4");
  await barrier(client);
  expect(titles(client)).toEqual(["1", "2", "3", "4"]);
});

test("a subscribe request without a token is refused, and the stream continues as the user's", async () => {
  const { token } = await newUser();
  const client = await listener(token);
  const reply = await client.submit(["notes/*"]);
  expect({ status: reply.status, body: reply.body }).toEqual({
    status: 403,
    body: { data: {}, message: "The current and the previous request authorization don't match.", status: 403 },
  });
  await write("still here");
  await barrier(client);
  expect(titles(client)).toEqual(["still here"]);
});

test("a stream without topics receives nothing, but stays the user's until it ends", async () => {
  const [{ token }, other] = [await newUser(), await newUser()];
  const client = await listener(token);
  await client.subscribe([], token);
  await write("not subscribed");
  expect((await client.submit(["notes/*"], other.token)).status).toBe(403);
  await client.subscribe(["inner/*", "notes/*"], token);
  await barrier(client);
  expect(titles(client)).toEqual([]);
});

test("a revoked token counts as no token: the stream stays a guest's", async () => {
  const { id, token } = await newUser();
  const client = await listener(token);
  await superuser.update("users", id, NEW_PASSWORD);
  await client.subscribe(["inner/*", "notes/*"], token);
  await write("for users");
  await barrier(client);
  expect(titles(client)).toEqual([]);
});

test.each([
  ["a new password", (id: string) => superuser.update("users", id, NEW_PASSWORD)],
  ["a deletion", (id: string) => superuser.request("DELETE", `/api/collections/users/records/${id}`)],
])("a request that started before %s does not sign the user in after it", async (_, revoke) => {
  const { id, token } = await newUser();
  const client = await SseClient.connect(server.url);
  using slow = await RawConnection.open(server.url);
  const body = JSON.stringify({ clientId: client.id, subscriptions: ["inner/*", "notes/*"] });
  slow.write(
    `POST /api/realtime HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: ${token}\r\n` +
      `content-length: ${body.length}\r\n\r\n${body.slice(0, -1)}`,
  );
  // Once the server has responded to later requests, it has read the token.
  for (let i = 0; i < 5; i += 1) await request(server.url, "GET", "/api/health", { token });
  await revoke(id);
  const guest = await listener();
  await barrier(guest);
  slow.write(body.slice(-1));
  expect((await slow.response())?.status).toBe(204);
  await write("secret");
  await barrier(client);
  expect(titles(client)).toEqual([]);
});

test.each([
  ["a new password", (id: string) => superuser.update("users", id, NEW_PASSWORD)],
  ["a deletion", (id: string) => superuser.request("DELETE", `/api/collections/users/records/${id}`)],
])("a task's stream ends with %s of its user, and another user's goes on", async (_, revoke) => {
  const open = async (user: { token: string }): Promise<JsonEventClient> => {
    const start = { token: user.token, body: { name: "members-only" } };
    const { body } = await request<{ id: string }>(server.url, "POST", "/api/tasks", start);
    const path = `/api/tasks/${body.id}/stream`;
    const stream = await JsonEventClient.open(server.url + path, { authorization: user.token });
    await stream.until("connection_open");
    return stream;
  };
  const [user, bystander] = [await newUser(), await newUser()];
  const [stream, other] = [await open(user), await open(bystander)];
  await superuser.update("users", user.id, { name: "another" });
  await revoke(user.id);
  await stream.ended;
  expect(stream.events.at(-1)).toMatchObject({ event: "connection_close", data: { reason: "auth_expired" } });
  expect(other.names).not.toContain("connection_close");
  other.close();
});

/** An auth collection with one member, and a collection that only its members may read. */
interface MembersFixture {
  readonly members: string;
  readonly papers: string;
  readonly member: ApiModel;
  readonly token: string;
}

async function createMembersFixture(): Promise<MembersFixture> {
  const [members, papers] = [`members${(made += 1)}`, `papers${made}`];
  await superuser.createCollection({ name: members, type: "auth", createRule: "", fields: [] });
  await superuser.createCollection({
    name: papers,
    type: "base",
    listRule: `@request.auth.collectionName = '${members}'`,
    fields: [
      { name: "title", type: "text" },
      { name: "text", type: "text", max: 100_000 },
    ],
  });
  const account = { email: "m@example.com", password: "1234567890", passwordConfirm: "1234567890" };
  const member = await superuser.create(members, account);
  const { token } = await signIn(server.url, members, account.email, account.password);
  return { members, papers, member, token };
}

const titlesOf = ({ papers }: MembersFixture, { events }: SseClient): string[] =>
  events
    .filter(({ event }) => event === `${papers}/*`)
    .map(({ data }) => (JSON.parse(data) as { record: { title: string } }).record.title);

describe.each<[string, (fixture: MembersFixture) => Promise<unknown>]>([
  ["a new password", ({ members, member }) => superuser.update(members, member.id, NEW_PASSWORD)],
  [
    "the member's deletion",
    ({ members, member }) => superuser.request("DELETE", `/api/collections/${members}/records/${member.id}`),
  ],
  // A new auth rule resets the token secret, as in PocketBase.
  ["a new token secret", ({ members }) => superuser.updateCollection(members, { authRule: "verified = true" })],
  ["another rule", ({ papers }) => superuser.updateCollection(papers, { listRule: null })],
])("after %s", (_, revoke) => {
  test("a stalled stream gets at most the events from before, and nothing after", async () => {
    const fixture = await createMembersFixture();
    const client = await SseClient.connect(server.url);
    await client.subscribe([`${fixture.papers}/*`, "notes/*"], fixture.token);
    client.pause();
    const before = Array.from({ length: 60 }, (__, i) => `before ${i}`);
    for (const title of before) await superuser.create(fixture.papers, { title, text: "x".repeat(90_000) });
    await revoke(fixture);
    for (let i = 0; i < 3; i += 1) await superuser.create(fixture.papers, { title: "after", text: "" });
    client.resume();
    // The stream may be closed for being slow; otherwise it gets everything that the user may see.
    await Promise.race([client.ended, barrier(client)]);
    const received = titlesOf(fixture, client);
    expect(received).toEqual(before.slice(0, received.length));
  });

  test("a stream in catch-up gets nothing after", async () => {
    const fixture = await createMembersFixture();
    const first = await SseClient.connect(server.url);
    await first.subscribe([`${fixture.papers}/*`], fixture.token);
    await superuser.create(fixture.papers, { title: "seen" });
    await first.inbox.until((events) => events.length === 1);
    const before = Array.from({ length: 300 }, (__, i) => `before ${i}`);
    await Promise.all(before.map((title) => superuser.create(fixture.papers, { title, text: "x".repeat(1_000) })));

    const back = await SseClient.connect(server.url);
    const subscribed = back.subscribe([`${fixture.papers}/*`, "notes/*"], fixture.token, first.events[0]!.id);
    await revoke(fixture);
    await superuser.create(fixture.papers, { title: "after" });
    await subscribed;
    await barrier(back);
    const received = titlesOf(fixture, back);
    expect(received).not.toContain("after");
    expect(new Set(received).size).toBe(received.length);
  });
});

test("a token revoked while a request's body is being sent no longer counts when the request runs", async () => {
  const client = await listener();
  const bodies: readonly (readonly [method: string, path: string, body: unknown])[] = [
    ["POST", "/api/v1/replicache/pull", { pullVersion: 1, clientGroupID: "revoked", cookie: null }],
    ["POST", "/api/collections/inner/records", { title: "too late" }],
  ];
  const user = await newUser();
  const waiting = await Promise.all(
    bodies.map(async ([method, path, body]) => {
      const text = JSON.stringify(body);
      const connection = await RawConnection.open(server.url);
      const head = `${method} ${path} HTTP/1.1\r\nhost: x\r\nauthorization: ${user.token}\r\n`;
      connection.write(
        `${head}content-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text.slice(0, 5)}`,
      );
      return { connection, rest: text.slice(5) };
    }),
  );
  // Once the server has responded to later requests, it has read these headers.
  await barrier(client);
  await superuser.update("users", user.id, { tokenKey: "another-".repeat(4) });
  await barrier(client);
  for (const { connection, rest } of waiting) connection.write(rest);
  const responses = await Promise.all(waiting.map(({ connection }) => connection.response()));
  expect(responses.map((response) => response?.status)).toEqual([401, 400]);
  for (const { connection } of waiting) connection.close();
  client.close();
});
