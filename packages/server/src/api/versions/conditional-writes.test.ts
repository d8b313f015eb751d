import { expect, test } from "bun:test";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import fc from "fast-check";
import { play, type Scenario, testScenarios } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

const { url, admin, add, define, tokenOf, app } = await startTestApp();
const open = { listRule: "", viewRule: "", createRule: "", updateRule: "owner != 'nobody'", deleteRule: "" };
await define({
  name: "posts",
  ...open,
  fields: [
    { type: "text", name: "title" },
    { type: "number", name: "views" },
    { type: "json", name: "tags" },
    { type: "text", name: "owner" },
    { type: "text", name: "secret", hidden: true },
  ],
});
await define({
  name: "members",
  type: "auth",
  listRule: "",
  viewRule: "",
  fields: [{ type: "text", name: "name", autogeneratePattern: "" }],
});

const POSTS = "/api/collections/posts/records";
const read = async (path: string, headers = {}): Promise<Response> => play(url, { path, headers });
const etagOf = async (id: string): Promise<string> => {
  const response = await read(`${POSTS}/${id}?withVersion=1`);
  return response.headers.get("ETag")!;
};
const send = (method: string, id: string, headers: Readonly<Record<string, string>>, body?: unknown) =>
  play(url, { method, path: `${POSTS}/${id}`, headers, body });

const one = await add("posts", { title: "one" });
const etag = await etagOf(one.id);
const closed = await add("posts", { title: "closed", owner: "nobody" });
const CHANGED =
  '{"data":{"version":{"code":"record_changed","message":"The record has changed since you read it. Read it again, apply your change to what it is now, and send the new version."}}';
const patch = (match: string, status: number, more: Partial<Scenario> = {}): Omit<Scenario, "name"> => ({
  method: "PATCH",
  path: `${POSTS}/${one.id}`,
  headers: { "If-Match": match },
  body: {},
  status,
  ...more,
});

testScenarios(url, [
  {
    name: "an answer names no version",
    path: `${POSTS}/${one.id}`,
    status: 200,
    responseHeaders: { etag: null },
    excludes: ["@version"],
  },
  {
    name: "unless it is asked to",
    path: `${POSTS}/${one.id}?withVersion=true`,
    status: 200,
    responseHeaders: { etag },
    contains: [`{"@version":${etag},"collectionId"`],
  },
  {
    name: "also in a list",
    path: `${POSTS}?withVersion=1&filter=title="one"`,
    status: 200,
    contains: [`{"@version":${etag},"collectionId"`],
  },
  {
    name: "`fields` picks it like a field",
    path: `${POSTS}/${one.id}?withVersion=1&fields=@version`,
    status: 200,
    contains: [`{"@version":${etag}}`],
  },
  { name: "a write with the version happens", ...patch(etag, 200, { responseHeaders: { etag } }) },
  { name: "one of several is enough", ...patch(`"x", ${etag}`, 200) },
  { name: "any version of an existing record", ...patch("*", 200) },
  { name: "a write with another version doesn't", ...patch('"AbC"', 412, { contains: [CHANGED] }) },
  { name: "a weak version is none", ...patch(`W/${etag}`, 412, { contains: [CHANGED] }) },
  { name: "a version needs quotes", ...patch("AbC", 400, { contains: ["must be * or versions in quotes"] }) },
  { name: "what the rule forbids stays hidden", ...patch('"AbC"', 404, { path: `${POSTS}/${closed.id}` }) },
  { name: "a missing record is not found", ...patch("*", 404, { path: `${POSTS}/missing00000000` }) },
  {
    name: "a delete with another version doesn't happen",
    ...patch('"AbC"', 412, { method: "DELETE", contains: [CHANGED] }),
  },
  {
    name: "a client that has the version gets no body",
    path: `${POSTS}/${one.id}`,
    headers: { "If-None-Match": `W/${etag}` },
    status: 304,
    responseHeaders: { etag },
  },
  {
    name: "another version gets the record",
    path: `${POSTS}/${one.id}`,
    headers: { "If-None-Match": '"AbC"' },
    status: 200,
    responseHeaders: { etag },
  },
  {
    name: "an expanded record may change without the version",
    path: `${POSTS}/${one.id}?expand=x`,
    headers: { "If-None-Match": etag },
    status: 200,
  },
  {
    name: "a new record with a free id",
    method: "POST",
    path: POSTS,
    headers: { "If-None-Match": "*" },
    body: { id: "new000000000000" },
    status: 200,
  },
  {
    name: "a new record with a taken id",
    method: "POST",
    path: POSTS,
    headers: { "If-None-Match": "*" },
    body: { id: one.id },
    status: 412,
    contains: ["record_exists"],
  },
  {
    name: "a new record without an id",
    method: "POST",
    path: POSTS,
    headers: { "If-None-Match": "*" },
    body: {},
    status: 200,
  },
]);

test("an email that depends on the requester is never taken for known", async () => {
  const member = await add("members", { email: "m@example.com", name: "m" });
  const path = `/api/collections/members/records/${member.id}`;
  const { headers } = await read(`${path}?withVersion=1`);
  const etagOfMember = headers.get("etag")!;
  expect(headers.get("vary")).toContain("Authorization");
  const token = await tokenOf("members", member);
  expect((await play(url, { path, token, headers: { "If-None-Match": etagOfMember } })).status).toBe(200);
  expect((await play(url, { path, token: admin, headers: { "If-None-Match": etagOfMember } })).status).toBe(304);
});

test("the version follows the stored values, hidden ones included, and not who writes them", async () => {
  const { id } = await add("posts", { title: "a" });
  const first = await etagOf(id);
  await play(url, { method: "PATCH", path: `${POSTS}/${id}`, token: admin, body: { secret: "s" } });
  const second = await etagOf(id);
  expect(second).not.toBe(first);
  await app.folder.store.write((tx) => tx.run({ text: "UPDATE posts SET secret = '' WHERE id = ?", values: [id] }));
  expect(await etagOf(id)).toBe(first);
});

test("events carry the version that their record has", async () => {
  const client = await SseClient.connect(url);
  const asked = `posts/*?options=${encodeURIComponent(JSON.stringify({ query: { withVersion: "1" } }))}`;
  await client.subscribe([asked, "posts/*"]);
  const { id } = await add("posts", { title: "live" });
  const created = await etagOf(id);
  const answer = await send("PATCH", id, { "If-Match": created }, { views: 2 });
  const updated = answer.headers.get("etag")!;
  await send("DELETE", id, { "If-Match": updated });
  await client.inbox.until(() => client.events.filter(({ data }) => data.includes(id)).length === 6);
  const versions = client.events
    .filter(({ data, event }) => event === asked && data.includes(id))
    .map(({ data }) => `"${(JSON.parse(data) as { record: Record<string, string> }).record["@version"]}"`);
  expect(versions).toEqual([created, updated, updated]);
  expect(client.events.filter(({ event, data }) => event === "posts/*" && data.includes("@version"))).toEqual([]);
  client.close();
});

test("of all writers that name the same version, exactly one writes", async () => {
  const writer = fc.constantFrom("PATCH", "PATCH", "DELETE");
  await fc.assert(
    fc.asyncProperty(fc.array(writer, { minLength: 2, maxLength: 12 }), async (methods) => {
      const { id } = await add("posts", { title: "race" });
      const version = await etagOf(id);
      const answers = await Promise.all(
        methods.map((method, views) =>
          send(method, id, { "If-Match": version }, method === "PATCH" ? { views: views + 1 } : undefined),
        ),
      );
      const statuses = answers.map(({ status }) => status);
      const winners = statuses.flatMap((status, at) => (status < 300 ? [at] : []));
      expect(winners).toHaveLength(1);
      const isDeleted = methods[winners[0]!] === "DELETE";
      expect(statuses.filter((status) => status >= 300 && status !== (isDeleted ? 404 : 412))).toEqual([]);
      const now = await read(`${POSTS}/${id}`);
      const views = isDeleted ? undefined : ((await now.json()) as { views: number }).views;
      expect([now.status, views]).toEqual(isDeleted ? [404, undefined] : [200, winners[0]! + 1]);
    }),
    { numRuns: 25 },
  );
});

test("counting with retries loses no write", async () => {
  const { id } = await add("posts", { title: "counter" });
  const increment = async (): Promise<void> => {
    for (;;) {
      const response = await read(`${POSTS}/${id}?withVersion=1`);
      const { views } = (await response.json()) as { views: number };
      const answer = await send("PATCH", id, { "If-Match": response.headers.get("etag")! }, { views: views + 1 });
      if (answer.status === 200) return;
      expect(answer.status).toBe(412);
    }
  };
  await Promise.all(Array.from({ length: 12 }, increment));
  expect(((await (await read(`${POSTS}/${id}`)).json()) as { views: number }).views).toBe(12);
});

test("each request of a batch has its own condition, and one that fails stops all", async () => {
  await play(url, { method: "PATCH", path: "/api/settings", token: admin, body: { batch: { enabled: true } } });
  const [a, b] = [await add("posts", { title: "a" }), await add("posts", { title: "b" })];
  const change = (id: string, headers: object, title: string): object => ({
    method: "PATCH",
    url: `${POSTS}/${id}?withVersion=1`,
    headers,
    body: { title },
  });
  const batch = (requests: readonly object[]): Promise<Response> =>
    play(url, { method: "POST", path: "/api/batch", headers: { "If-Match": '"of-no-record"' }, body: { requests } });
  const [ofA, ofB] = [await etagOf(a.id), await etagOf(b.id)];
  const done = await batch([change(a.id, { "if-match": ofA }, "a2"), change(b.id, {}, "b2")]);
  expect(done.status).toBe(200);
  const [first] = (await done.json()) as { body: Record<string, string> }[];
  expect(`"${first!.body["@version"]}"`).toBe(await etagOf(a.id));
  const refused = await batch([change(a.id, {}, "a3"), change(b.id, { "If-Match": ofB }, "b3")]);
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('"status":412')]);
  expect((await (await read(`${POSTS}/${a.id}`)).json()) as object).toMatchObject({ title: "a2" });
  const save = (id: string, headers: object): object => ({ method: "PUT", url: POSTS, headers, body: { id } });
  expect((await batch([save("saved0000000000", { "If-None-Match": "*" })])).status).toBe(200);
  expect((await batch([save("saved0000000000", { "If-None-Match": "*" })])).status).toBe(400);
  expect((await batch([save("saved0000000000", { "If-Match": "*" })])).status).toBe(200);
  expect((await batch([save("saved0000000001", { "If-Match": "*" })])).status).toBe(400);
});
