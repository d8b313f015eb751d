import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { type ApiModel, SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
let admin: SuperuserClient;
let user: { readonly id: string; readonly token: string };

const relation = (name: string, collectionId: unknown, cascadeDelete: boolean): object => ({
  name,
  type: "relation",
  collectionId,
  maxSelect: 1,
  cascadeDelete,
});

const TOPICS = ["members", "papers", "posts", "stickers", "teams"];

beforeAll(async () => {
  server = await startServer();
  admin = await SuperuserClient.signIn(server.url);
  user = await admin.createUser("ann");
  const { id: users } = (await admin.request<ApiModel>("GET", "/api/collections/users")).body;
  await admin.createCollection(PUBLIC_NOTES);
  const make = async (name: string, listRule: string, fields: readonly object[]): Promise<string> =>
    (await admin.createCollection({ name, type: "base", listRule, fields })).id;
  const teams = await make("teams", "", [{ name: "name", type: "text" }, relation("owner", users, true)]);
  const team = relation("team", teams, true);
  await make("members", "", [team, relation("user", users, false)]);
  // Each rule reads records that the same delete removes.
  await make("papers", "team.members_via_team.user ?= @request.auth.id", [team]);
  await make("posts", "team.owner = @request.auth.id", [{ name: "title", type: "text" }, team]);
  await make("stickers", "team = '' || team.owner = @request.auth.id", [relation("team", teams, false)]);
});
afterAll(async () => server[Symbol.asyncDispose]());

/** Makes a team with what belongs to it. @returns its id */
async function makeTeam(posts: number): Promise<string> {
  const { id } = await admin.create("teams", { name: "t", owner: user.id });
  await admin.create("members", { team: id, user: user.id });
  for (let i = 0; i < posts; i += 1) await admin.create("posts", { title: `post ${i}`, team: id });
  await admin.create("papers", { team: id });
  await admin.create("stickers", { team: id });
  return id;
}

let marks = 0;

/** What each client gets of the work: by topic and action, in order. */
async function eventsOf(clients: readonly SseClient[], work: () => Promise<unknown>): Promise<string[][]> {
  const before = clients.map(({ events }) => events.length);
  await work();
  const title = `mark ${(marks += 1)}`;
  await admin.create("notes", { title });
  return Promise.all(
    clients.map(async (client, i) => {
      await client.inbox.until((events) => events.some(({ data }) => data.includes(`"${title}"`)));
      return client.events.slice(before[i], -1).map(({ event, data }) => `${event} ${JSON.parse(data).action}`);
    }),
  );
}

/** As a stock PocketBase sends them. */
const DELETED_TEAM = [
  "members/* delete",
  "papers/* delete",
  "posts/* delete",
  "posts/* delete",
  "stickers/* update",
  "teams/* delete",
];

async function connect(token: string): Promise<SseClient> {
  const client = await SseClient.connect(server.url);
  await client.subscribe(
    [...TOPICS, "users", "notes"].map((name) => `${name}/*`),
    token,
  );
  return client;
}

const remove = (collection: string, id: string): Promise<unknown> =>
  admin.request("DELETE", `/api/collections/${collection}/records/${id}`);

test("the deletes of a cascade are judged as of before it, and the record's own delete is the last", async () => {
  const team = await makeTeam(2);
  const clients = [await connect(user.token), await connect(admin.token), await connect("")];
  const [ofUser, ofSuperuser, ofGuest] = await eventsOf(clients, () => remove("teams", team));
  expect(ofUser).toEqual(DELETED_TEAM);
  expect(ofSuperuser).toEqual(DELETED_TEAM);
  expect(ofGuest).toEqual(["members/* delete", "stickers/* update", "teams/* delete"]);
  for (const client of clients) client.close();
});

test("in a cascade too large to undo, rules still read the records that the deleted ones depended on", async () => {
  const team = await makeTeam(600);
  const ann = await connect(user.token);
  const [events] = await eventsOf([ann], () => remove("teams", team));
  expect(events!.filter((event) => event === "posts/* delete")).toHaveLength(600);
  ann.close();
});

test("the delete of an account reaches its own connections, as those of a guest from then on", async () => {
  await makeTeam(2);
  const { id: other } = await admin.createUser("eve");
  const [ann, guest] = [await connect(user.token), await connect("")];
  const [events, ofGuest] = await eventsOf([ann, guest], async () => {
    await remove("users", user.id);
    await remove("users", other);
  });
  expect(events).toEqual(["members/* update", ...DELETED_TEAM, "users/* delete"]);
  expect(JSON.parse(ann.events.find(({ event }) => event === "users/*")!.data).record.email).toBe("ann@example.com");
  expect(ofGuest).toEqual(["members/* update", "members/* delete", "stickers/* update", "teams/* delete"]);
  for (const client of [ann, guest]) client.close();
});

test("who was away for a cascade hears of it, or reads everything again", async () => {
  user = await admin.createUser("bob");
  const team = await makeTeam(1);
  const bob = await connect(user.token);
  await eventsOf([bob], async () => {});
  bob.close();
  await remove("teams", team);
  const back = await SseClient.connect(server.url);
  await back.subscribe(["posts/*"], user.token, bob.lastEventId);
  await back.inbox.until((events) => events.length > 0);
  expect(back.events[0]!.event).toBe("resync");
  back.close();
});
