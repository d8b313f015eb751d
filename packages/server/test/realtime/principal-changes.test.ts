import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
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
    listRule: "@request.auth.id != ''",
    viewRule: "@request.auth.name = 'insider'",
    fields: [{ name: "title", type: "text" }],
  });
});

afterAll(() => server[Symbol.asyncDispose]());

let made = 0;
async function listener(topics: readonly string[], name = `user${(made += 1)}`) {
  const user = await superuser.createUser(name);
  const client = await SseClient.connect(server.url);
  await client.subscribe([...topics, "notes/*"], user.token);
  return { user, client };
}

/** Writes a public record and waits for its event: whatever was sent before it has arrived by then. */
async function barrier({ inbox }: SseClient, title: string): Promise<void> {
  await superuser.create("notes", { title });
  await inbox.until((events) => events.some(({ data }) => data.includes(`"${title}"`)));
}

const titles = ({ events }: SseClient): unknown[] =>
  events
    .filter(({ event }) => event !== "notes/*")
    .map(({ data }) => (JSON.parse(data) as { record: { title: unknown } }).record.title);

test("a new password makes the stream a guest's before any later event", async () => {
  const { user, client } = await listener(["inner/*"]);
  await superuser.create("inner", { title: "before" });
  await superuser.update("users", user.id, { password: "another-one", passwordConfirm: "another-one" });
  await superuser.create("inner", { title: "after" });
  await barrier(client, "password changed");
  expect(titles(client)).toEqual(["before"]);
});

test("a token for the new password signs the same stream in again", async () => {
  const { user, client } = await listener(["inner/*"], "returning");
  await superuser.update("users", user.id, { password: "another-one", passwordConfirm: "another-one" });
  await barrier(client, "revoked");
  const reply = await request<{ token: string }>(server.url, "POST", "/api/collections/users/auth-with-password", {
    body: { identity: "returning@example.com", password: "another-one" },
  });
  await client.subscribe(["inner/*", "notes/*"], reply.body.token);
  await superuser.create("inner", { title: "again" });
  await barrier(client, "returned");
  expect(titles(client)).toEqual(["again"]);
});

test("a stream that is opened with the new token keeps its rights, however soon that is after the change", async () => {
  const { id } = await superuser.createUser("hasty");
  for (let round = 0; round < 20; round += 1) {
    const password = `password ${round}`;
    await superuser.update("users", id, { password, passwordConfirm: password });
    const reply = await request<{ token: string }>(server.url, "POST", "/api/collections/users/auth-with-password", {
      body: { identity: "hasty@example.com", password },
    });
    const client = await SseClient.connect(server.url);
    await client.subscribe(["inner/*", "notes/*"], reply.body.token);
    await superuser.create("inner", { title: password });
    await barrier(client, `hasty ${round}`);
    expect(titles(client)).toEqual([password]);
    client.close();
  }
});

test("a deleted user's stream continues as a guest's", async () => {
  const { user, client } = await listener(["inner/*"]);
  await superuser.request("DELETE", `/api/collections/users/records/${user.id}`);
  await superuser.create("inner", { title: "nobody's" });
  await barrier(client, "user deleted");
  expect(titles(client)).toEqual([]);
});

test("rules use the user's new values at once, on all of the user's streams", async () => {
  const record = await superuser.create("inner", { title: "0" });
  const { user, client } = await listener([`inner/${record.id}`]);
  const second = await SseClient.connect(server.url);
  await second.subscribe([`inner/${record.id}`, "notes/*"], user.token);
  await superuser.update("inner", record.id, { title: "as outsider" });
  await superuser.update("users", user.id, { name: "insider" });
  await superuser.update("inner", record.id, { title: "as insider" });
  await superuser.update("users", user.id, { name: "outsider" });
  await superuser.update("inner", record.id, { title: "as outsider again" });
  await Promise.all([client, second].map((each, i) => barrier(each, `insider ${i}`)));
  expect([titles(client), titles(second)]).toEqual([["as insider"], ["as insider"]]);
});

test("a changed rule applies to open streams", async () => {
  await superuser.createCollection({
    name: "opening",
    type: "base",
    listRule: null,
    fields: [{ name: "title", type: "text" }],
  });
  const { client } = await listener(["opening/*"]);
  await superuser.create("opening", { title: "closed" });
  await superuser.updateCollection("opening", { listRule: "" });
  await superuser.create("opening", { title: "open" });
  await superuser.updateCollection("opening", { listRule: "title = 'x'" });
  await superuser.create("opening", { title: "narrow" });
  await superuser.create("opening", { title: "x" });
  await barrier(client, "rules changed");
  expect(titles(client)).toEqual(["open", "x"]);
});

test("a collection's new token secret makes all its users' streams guests'", async () => {
  await superuser.createCollection({ name: "members", type: "auth", createRule: "", fields: [] });
  const account = { email: "m@example.com", password: "1234567890", passwordConfirm: "1234567890" };
  await superuser.create("members", account);
  const { body } = await request<{ token: string }>(server.url, "POST", "/api/collections/members/auth-with-password", {
    body: { identity: account.email, password: account.password },
  });
  const client = await SseClient.connect(server.url);
  await client.subscribe(["inner/*", "notes/*"], body.token);
  await superuser.create("inner", { title: "member" });
  // A new auth rule resets the token secret, as in PocketBase.
  await superuser.updateCollection("members", { authRule: "verified = true" });
  await superuser.create("inner", { title: "gone" });
  await barrier(client, "secret changed");
  expect(titles(client)).toEqual(["member"]);
});

test("a renamed collection sends events under its new name and its id, and not under the old name", async () => {
  const { id } = await superuser.createCollection({
    name: "old_name",
    type: "base",
    listRule: "",
    fields: [{ name: "title", type: "text" }],
  });
  const { client } = await listener(["old_name/*", "new_name/*", `${id}/*`]);
  await superuser.create("old_name", { title: "first" });
  await superuser.updateCollection("old_name", { name: "new_name" });
  await superuser.create("new_name", { title: "second" });
  await barrier(client, "renamed");
  const topics = client.events.filter(({ event }) => event !== "notes/*").map(({ event }) => event);
  expect(topics.toSorted()).toEqual([`${id}/*`, `${id}/*`, "new_name/*", "old_name/*"].toSorted());
});

test("a stream's user cannot change to another user or to a guest", async () => {
  const { client } = await listener(["inner/*"]);
  const other = await superuser.createUser("other");
  expect((await client.submit(["inner/*"], other.token)).status).toBe(403);
  expect((await client.submit(["inner/*"])).status).toBe(403);
});
