import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { request } from "@headwater/testing/clients/request.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(120_000);

let server: ServerProcess;
let superuser: SuperuserClient;
const ROWS = 2_500;

beforeAll(async () => {
  server = await startServer();
  superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection({
    name: "notes",
    type: "base",
    listRule: "open = true",
    fields: [
      { name: "title", type: "text" },
      { name: "text", type: "text" },
      { name: "secret", type: "text", hidden: true },
      { name: "open", type: "bool" },
    ],
  });
  await superuser.createCollection({
    name: "marks",
    type: "base",
    listRule: "",
    fields: [{ name: "n", type: "text" }],
  });
  const values = `with n(i) as (select 1 union all select i + 1 from n where i < ${ROWS})`;
  await sql(
    `insert into notes (id, title, text, open) ${values} select printf('old%012d', i), 'word' || (i % 10), 'common', i % 2 from n`,
  );
});
afterAll(() => server[Symbol.asyncDispose]());

const sql = (query: string) => superuser.request("POST", "/api/sql", { body: { query } });

interface List {
  readonly totalItems: number;
  readonly items: readonly { readonly id: string; readonly title: string; readonly "@snippets"?: object }[];
}

/** Waits while the index is being built. */
async function list(query: Readonly<Record<string, string>>, collection = "notes"): Promise<List> {
  for (;;) {
    const path = `/api/collections/${collection}/records?${new URLSearchParams(query).toString()}`;
    const { status, text } = await request(server.url, "GET", path);
    if (status !== 503) {
      expect({ status, text }).toMatchObject({ status: 200 });
      return JSON.parse(text) as List;
    }
  }
}

test("a collection gets an index, and its rows are added", async () => {
  const refused = await request(server.url, "GET", "/api/collections/notes/records?search=common");
  expect(refused.status).toBe(400);
  expect(refused.text).toContain("A superuser can add one");
  const updated = await superuser.updateCollection("notes", { search: { fields: ["title", "text", "secret"] } });
  expect(updated["search"]).toEqual({
    fields: ["title", "text", "secret"],
    tokenizer: "unicode61",
    weights: {},
  });
  expect((await list({ search: "common" })).totalItems).toBe(ROWS / 2);
  expect((await list({ search: "common word1" })).totalItems).toBe(ROWS / 10);
  expect((await list({ search: "word1", withSnippets: "1", perPage: "1", fields: "@snippets" })).items).toEqual([
    { "@snippets": { title: "<mark>word1</mark>" } } as never,
  ]);
});

test.each([
  [{ fields: [] }, "validation_required"],
  [{ fields: ["open"] }, "validation_search_field_type"],
  [{ fields: ["gone"] }, "validation_unknown_field"],
  [{ fields: ["title", "title"] }, "validation_duplicated_field"],
  [{ fields: ["title"], tokenizer: "none" }, "validation_in_invalid"],
  [{ fields: ["title"], weights: { title: -1 } }, "validation_out_of_range"],
  [{ fields: ["title"], weights: { text: 1 } }, "validation_unknown_field"],
])("the option %p is refused", async (search, code) => {
  const refused = await request(server.url, "PATCH", "/api/collections/notes", {
    token: superuser.token,
    body: { search },
  });
  expect(refused.status).toBe(400);
  expect(refused.text).toContain(code);
});

const live = (query: object): string => `notes/*?options=${encodeURIComponent(JSON.stringify({ query }))}`;

test("a subscription gets what its search finds, also after it was away", async () => {
  const { totalItems } = await list({});
  const topics = [
    live({ search: "zebra -spotted" }),
    live({ search: '"striped ze"*', transitions: "enter-leave" }),
    live({ search: "hidden" }),
    "marks/*",
  ];
  const client = await SseClient.connect(server.url);
  await client.subscribe(topics);
  const since = (await request(server.url, "GET", "/api/collections/marks/records")).headers.get("headwater-cursor")!;
  const { id } = await superuser.create("notes", { title: "A striped zebra", open: true, secret: "hidden" });
  await superuser.create("notes", { title: "zebra", open: false });
  await superuser.update("notes", id, { title: "A spotted zebra" });
  await superuser.update("notes", id, { title: "Zébra", open: true });
  await superuser.create("marks", { n: "end" });
  const expected = [
    "0 create A striped zebra",
    `1 create A striped zebra`,
    `1 leave ${id}`,
    "0 update Zébra",
    "3 create end",
  ];
  const seen = async (stream: SseClient): Promise<readonly string[]> => {
    await stream.inbox.until((events) => events.some(({ data }) => data.includes('"end"')));
    return stream.events.map(({ event, data }) => {
      const { action, record } = JSON.parse(data) as {
        action: string;
        record: { id: string; title?: string; n?: string };
      };
      return `${topics.indexOf(event)} ${action} ${record.title ?? record.n ?? record.id}`;
    });
  };
  expect(await seen(client)).toEqual(expected);
  client.close();
  const again = await SseClient.connect(server.url);
  await again.subscribe(topics, undefined, since);
  expect(await seen(again)).toEqual(expected);
  again.close();
  expect((await list({})).totalItems).toBe(totalItems + 1);
});

test("an index follows SQL, renamed and deleted fields, and goes with its collection", async () => {
  await sql("update notes set text = 'by hand' where id = 'old000000000001'");
  for (;;) if ((await list({ search: "hand" })).totalItems === 1) break;
  const { fields } = await superuser
    .request<{ fields: { name: string }[] }>("GET", "/api/collections/notes")
    .then(({ body }) => body);
  const renamed = fields
    .filter(({ name }) => name !== "secret")
    .map((field) => (field.name === "text" ? { ...field, name: "body" } : field));
  expect((await superuser.updateCollection("notes", { fields: renamed }))["search"]).toEqual({
    fields: ["title", "body"],
    tokenizer: "unicode61",
    weights: {},
  });
  expect((await list({ search: "hand" })).totalItems).toBe(1);
  await superuser.updateCollection("notes", { name: "papers", search: { fields: ["title"], tokenizer: "trigram" } });
  expect((await list({ search: "ORD1" }, "papers")).totalItems).toBe(ROWS / 10);
  expect((await superuser.request("DELETE", "/api/collections/papers/truncate")).status).toBe(204);
  expect((await list({ search: "ord1" }, "papers")).totalItems).toBe(0);
  expect((await superuser.updateCollection("papers", { search: null }))["search"]).toBeUndefined();
  await superuser.updateCollection("papers", { search: { fields: ["title"] } });
  await superuser.request("DELETE", "/api/collections/papers");
  const left = await superuser.request<{ rows: unknown }>("POST", "/api/sql", {
    body: {
      query:
        "select name from sqlite_master where name glob '_headwater_search_*' union all select id from _headwater_collections",
    },
  });
  expect(left.body.rows).toEqual([]);
});
