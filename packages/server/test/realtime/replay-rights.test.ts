import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { request } from "@headwater/testing/clients/request.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { signIn, SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
let superuser: SuperuserClient;
const MEMBERS = "@request.auth.id != ''";
const PASSWORD = "1234567890";

beforeAll(async () => {
  server = await startServer();
  superuser = await SuperuserClient.signIn(server.url);
  await define("marks", "");
});
afterAll(() => server[Symbol.asyncDispose]());

const define = (name: string, listRule: string | null, fields: readonly object[] = []) =>
  superuser.createCollection({
    name,
    type: "base",
    listRule,
    fields: [{ name: "title", type: "text" }, { name: "open", type: "bool" }, ...fields],
  });

const cursor = async (): Promise<string> =>
  (await request(server.url, "GET", "/api/collections/marks/records")).headers.get("headwater-cursor")!;

/** What a client that comes back gets: `action title`, `action id` for what has no title, or `resync reason`. */
async function comeBack(topic: string, since: string, token?: string): Promise<readonly string[]> {
  const client = await SseClient.connect(server.url);
  await client.subscribe([topic, "marks/*"], token, since);
  const title = `mark ${Math.random()}`;
  await superuser.create("marks", { title });
  await client.inbox.until((events) => events.some(({ data }) => data.includes(title)));
  client.close();
  return client.events.flatMap(({ event, data }) => {
    const { reason, action, record } = JSON.parse(data) as {
      reason?: string;
      action?: string;
      record?: { id: string; title?: string };
    };
    if (event === "marks/*") return [];
    return event === "resync" ? [`resync ${reason}`] : [`${action} ${record!.title ?? record!.id}`];
  });
}

const withTransitions = (topic: string): string =>
  `${topic}?options=${encodeURIComponent(JSON.stringify({ query: { transitions: "enter-leave" } }))}`;

test("a cursor that a client made reads nothing, whatever form it has", async () => {
  await define("forged", "");
  await superuser.create("forged", { title: "an old text" });
  const good = await cursor();
  const texts = ["0123456789.0", "a.0", `a.${"A".repeat(22)}`, `a.${good.slice(3)}A`, `n.${"_".repeat(22)}`];
  for (const since of texts) expect(await comeBack("forged/*", since)).toEqual(["resync epoch"]);
});

test("cursors don't say how much is written: no two are alike, in a list or on a stream", async () => {
  const cursors = await Promise.all(Array.from({ length: 200 }, cursor));
  expect(new Set(cursors).size).toBe(200);
});

test("of a record that was deleted, a replay has its id and nothing else", async () => {
  await define("removed", "");
  const { id: old } = await superuser.create("removed", { title: "was there" });
  const since = await cursor();
  await superuser.update("removed", old, { title: "changed text" });
  const { id: short } = await superuser.create("removed", { title: "short-lived" });
  for (const id of [old, short]) await superuser.request("DELETE", `/api/collections/removed/records/${id}`);
  expect(await comeBack("removed/*", since)).toEqual([`delete ${old}`]);
});

test("a replay says of a record that is no longer visible only that it left, to a client that asks for transitions", async () => {
  await define("posts", "open = true");
  const { id } = await superuser.create("posts", { title: "first", open: true });
  const since = await cursor();
  await superuser.update("posts", id, { title: "second" });
  await superuser.update("posts", id, { title: "third", open: false });
  expect(await comeBack("posts/*", since)).toEqual([]);
  expect(await comeBack(withTransitions("posts/*"), since)).toEqual([`leave ${id}`]);
  await superuser.update("posts", id, { title: "fourth", open: true });
  expect((await comeBack("posts/*", since)).at(-1)).toBe("update fourth");
});

test("a collection that is opened later does not show the texts of before", async () => {
  await define("closed", null);
  const { id } = await superuser.create("closed", { title: "secret draft" });
  const since = await cursor();
  await superuser.update("closed", id, { title: "second draft" });
  await superuser.updateCollection("closed", { listRule: "" });
  expect(await comeBack("closed/*", since)).toEqual(["resync visibility"]);
  const open = await cursor();
  await superuser.update("closed", id, { title: "published" });
  expect(await comeBack("closed/*", open)).toEqual(["update published"]);
});

test("a rule that is narrowed replays what is left of it; one that is closed and opened again is like one opened later", async () => {
  await define("narrowed", "");
  const since = await cursor();
  await superuser.create("narrowed", { title: "private" });
  await superuser.create("narrowed", { title: "public", open: true });
  await superuser.updateCollection("narrowed", { listRule: "open = true" });
  expect(await comeBack("narrowed/*", since)).toEqual(["create public"]);
  await superuser.updateCollection("narrowed", { listRule: null });
  await superuser.updateCollection("narrowed", { listRule: "" });
  expect(await comeBack("narrowed/*", since)).toEqual(["resync visibility"]);
});

test("a member who joins later does not get the texts of before", async () => {
  const users = (await superuser.request<{ id: string }>("GET", "/api/collections/users")).body.id;
  const teams = await define("teams", null, [
    { name: "members", type: "relation", collectionId: users, maxSelect: 99 },
  ]);
  await define("messages", "team.members.id ?= @request.auth.id", [
    { name: "team", type: "relation", collectionId: teams.id, maxSelect: 1 },
  ]);
  const [ann, bob] = [await superuser.createUser("ann"), await superuser.createUser("bob")];
  const { id: team } = await superuser.create("teams", { members: [ann.id] });
  const since = await cursor();
  const { id } = await superuser.create("messages", { team, title: "hello" });
  await superuser.update("messages", id, { title: "hello!" });
  expect(await comeBack("messages/*", since, ann.token)).toEqual(["create hello", "update hello!"]);
  expect(await comeBack("messages/*", since, bob.token)).toEqual([]);
  await superuser.update("teams", team, { members: [ann.id, bob.id] });
  expect(await comeBack("messages/*", since, bob.token)).toEqual(["resync visibility"]);
  const joined = await cursor();
  await superuser.create("messages", { team, title: "welcome" });
  expect(await comeBack("messages/*", joined, bob.token)).toEqual(["create welcome"]);
});

test("an account with the id of a deleted one starts with nothing, and a guest's cursor widens nothing", async () => {
  const owned = [{ name: "owner", type: "text" }];
  await define("diaries", "owner != '' && owner = @request.auth.id", owned);
  const id = "sharedid0000001";
  const account = { id, email: "old@example.com", password: PASSWORD, passwordConfirm: PASSWORD, verified: true };
  await superuser.create("users", account);
  const old = (await signIn(server.url, "users", "old@example.com", PASSWORD)).token;
  const since = await cursor();
  await superuser.create("diaries", { owner: id, title: "of the old account" });
  expect(await comeBack("diaries/*", since, old)).toEqual(["create of the old account"]);
  await superuser.request("DELETE", `/api/collections/users/records/${id}`);
  await superuser.create("users", { ...account, email: "new@example.com" });
  const token = (await signIn(server.url, "users", "new@example.com", PASSWORD)).token;
  expect(await comeBack("diaries/*", since, token)).toEqual(["resync visibility"]);
  const own = await cursor();
  await superuser.create("diaries", { owner: id, title: "of the new one" });
  expect(await comeBack("diaries/*", own, token)).toEqual(["create of the new one"]);
});

test("a user's cursor is good with every token of the user, and for all its connections", async () => {
  await define("inner", MEMBERS);
  const { id, token } = await superuser.createUser("carl");
  const since = await cursor();
  await superuser.create("inner", { title: "one" });
  await superuser.update("users", id, { name: "Carl" });
  const refreshed = await request<{ token: string }>(server.url, "POST", "/api/collections/users/auth-refresh", {
    token,
  });
  for (const each of [token, refreshed.body.token, token]) {
    expect(await comeBack("inner/*", since, each)).toEqual(["create one"]);
  }
});

test("a collection that is deleted and made again under its name starts with nothing", async () => {
  await define("again", "");
  const since = await cursor();
  await superuser.create("again", { title: "of the first" });
  await superuser.request("DELETE", "/api/collections/again");
  await define("again", "");
  await superuser.create("again", { title: "of the second" });
  expect(await comeBack("again/*", since)).toEqual(["resync visibility"]);
});

test("an address that was hidden since stays hidden in a replay", async () => {
  await superuser.updateCollection("users", { listRule: "" });
  const { id } = await superuser.createUser("dora");
  await superuser.update("users", id, { emailVisibility: true });
  const since = await cursor();
  await superuser.update("users", id, { name: "Dora" });
  await superuser.update("users", id, { emailVisibility: false });
  const client = await SseClient.connect(server.url);
  await client.subscribe(["users/*"], undefined, since);
  await client.inbox.until((events) => events.length === 2);
  expect(client.events.map(({ data }) => JSON.parse(data).record.email)).toEqual([undefined, undefined]);
  client.close();
});

test("a stream that is cut between two events of one change gets the second, and not the first again", async () => {
  await define("two", "");
  const names = ["two/*", `two/*?options=${encodeURIComponent(JSON.stringify({ query: { fields: "title" } }))}`];
  const first = await SseClient.connect(server.url);
  await first.subscribe(names);
  await superuser.create("two", { title: "x" });
  await first.inbox.until((events) => events.length === 2);
  const [one, two] = first.events;
  first.close();
  // As a browser does that read the first event only.
  const back = await SseClient.connect(server.url, { "Last-Event-ID": one!.id! });
  await back.subscribe(names);
  await superuser.create("two", { title: "y" });
  await back.inbox.until((events) => events.length === 3);
  expect(back.events[0]).toMatchObject({ event: two!.event, data: two!.data });
  back.close();
});
