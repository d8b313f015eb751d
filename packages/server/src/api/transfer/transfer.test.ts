import { expect, setDefaultTimeout, test } from "bun:test";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { play, testScenarios } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

setDefaultTimeout(60_000);

const { url, admin, add, define, tokenOf, app } = await startTestApp({ maxImports: "1", maxImportMb: "1" });
await define({
  name: "items",
  listRule: "",
  viewRule: "",
  fields: [
    { type: "text", name: "title", max: 100 },
    { type: "number", name: "n" },
  ],
});
await define({ name: "titles", type: "view", viewQuery: "SELECT id, title FROM items" });
const ITEMS = "/api/collections/items";
const user = await tokenOf("users", await add("users", { email: "user@example.com" }));
const post = { method: "POST", token: admin, headers: { "Content-Type": "text/csv" } };

testScenarios(url, [
  { name: "guests may not import", ...post, token: "", path: `${ITEMS}/import`, body: "title\na\n", status: 401 },
  { name: "users may not import", ...post, token: user, path: `${ITEMS}/import`, body: "title\na\n", status: 403 },
  { name: "guests may not export", path: `${ITEMS}/export`, status: 401 },
  { name: "users may not export", path: `${ITEMS}/export`, token: user, status: 403 },
  { name: "an unknown collection", ...post, path: "/api/collections/nope/import", body: "title\n", status: 404 },
  { name: "a view takes no rows", ...post, path: "/api/collections/titles/import", body: "title\n", status: 400 },
  {
    name: "an unknown format",
    ...post,
    headers: { "Content-Type": "text/plain" },
    path: `${ITEMS}/import`,
    body: "title\n",
    status: 400,
    contains: ['"format":{"code":"validation_invalid_format"'],
  },
  {
    name: "rows of a table",
    ...post,
    path: `${ITEMS}/import?map=Name:title&map=Other:`,
    body: "Name,n,Other\nfirst,1,x\nsecond,2,y\n",
    status: 200,
    contains: ['{"dryRun":false,"rows":2,"created":2,"updated":0,"refused":0,"errors":[]}'],
  },
  {
    name: "the import ends at a row that is refused, and says why",
    ...post,
    path: `${ITEMS}/import?format=ndjson`,
    body: '{"title":"third"}\n{"title":"fourth","n":"many"}\n{"title":"fifth"}\n',
    status: 400,
    contains: [
      '{"data":{"n":{"code":"validation_not_a_number","message":"It must be a number."}},"message":"The import ended at line 2. Its values can\'t be read. n: It must be a number.","status":400,"report":{"dryRun":false,"rows":3,"created":1',
    ],
  },
  {
    name: "it goes on if it is asked to",
    ...post,
    path: `${ITEMS}/import?format=ndjson&continueOnError=1&errors=1`,
    body: '{"n":"a"}\n{"n":"b"}\n{"title":"fifth"}\n',
    status: 200,
    contains: ['"created":1,"updated":0,"refused":2,"errors":[{"line":1,'],
    excludes: ['"line":2'],
  },
  {
    name: "a dry run writes nothing",
    ...post,
    path: `${ITEMS}/import?dryRun=1`,
    body: "title\nnever\n",
    status: 200,
    contains: ['"dryRun":true,"rows":1,"created":1'],
  },
  {
    name: "an export is a file",
    path: `${ITEMS}/export?fields=title,n`,
    token: admin,
    status: 200,
    contains: ["title,n\nfirst,1\nsecond,2\nthird,0\nfifth,0\n"],
    responseHeaders: {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": 'attachment; filename="items.csv"',
    },
  },
  {
    name: "in the format that the client accepts",
    path: `${ITEMS}/export?fields=title&filter=n=1`,
    token: admin,
    headers: { Accept: "application/x-ndjson" },
    status: 200,
    contains: ['{"title":"first"}\n'],
  },
  { name: "a filter that can't be read", path: `${ITEMS}/export?filter=x=1`, token: admin, status: 400 },
  { name: "a search", path: `${ITEMS}/export?search=x`, token: admin, status: 400, contains: ["take a search"] },
  { name: "a field that isn't there", path: `${ITEMS}/export?fields=nope`, token: admin, status: 400 },
  { name: "a delimiter of two characters", path: `${ITEMS}/export?delimiter=ab`, token: admin, status: 400 },
  {
    name: "an import has a limit",
    ...post,
    path: `${ITEMS}/import`,
    body: `title\n${"x\n".repeat(600_000)}`,
    status: 413,
  },
]);

/** An import whose rows arrive when they are sent. */
function slowImport(token: string, query = ""): { send(text: string): void; end(): void; answer: Promise<Response> } {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (own) => void (controller = own) });
  const answer = play(url, { ...post, token, path: `${ITEMS}/import?continueOnError=1${query}`, body });
  return {
    send: (text) => controller.enqueue(new TextEncoder().encode(text)),
    end: () => controller.close(),
    answer,
  };
}
const rows = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, at) => `row ${from + at},${from + at}\n`).join("");
const reading = async (filter: string): Promise<number> => {
  const response = await play(url, { path: `${ITEMS}/records?filter=${encodeURIComponent(filter)}` });
  return ((await response.json()) as { totalItems: number }).totalItems;
};

test("rows are written as they arrive, others read meanwhile, and listeners see each record", async () => {
  const client = await SseClient.connect(url);
  await client.subscribe(["items/*"]);
  const slow = slowImport(admin);
  slow.send(`title,n\n${rows(0, 600)}`);
  await client.inbox.until(() => client.events.filter(({ data }) => data.includes("row ")).length >= 250);
  expect(await reading("title ~ 'row '")).toBeGreaterThan(0);
  const second = await play(url, { ...post, path: `${ITEMS}/import`, body: "title\nx\n" });
  expect([second.status, await second.text()]).toEqual([503, expect.stringContaining("limit_imports")]);
  slow.send(rows(600, 700));
  slow.end();
  expect(await (await slow.answer).json()).toMatchObject({ rows: 700, created: 700 });
  await client.inbox.until(() => client.events.filter(({ data }) => data.includes("row ")).length === 700);
  client.close();
});

test("too many bytes end an import that doesn't say its length", async () => {
  const slow = slowImport(admin);
  slow.send(`title\n${`${"y".repeat(10_000)}\n`.repeat(120)}`);
  slow.end();
  const answer = await slow.answer;
  expect([answer.status, await answer.text()]).toEqual([413, expect.stringContaining("limit_import_bytes")]);
});

test("an import ends when its sender is no superuser any more, and one in one transaction leaves nothing", async () => {
  const other = await add("_superusers", { email: "other@example.com" });
  const token = await tokenOf("_superusers", other);
  for (const query of ["", "&atomic=1"]) {
    const slow = slowImport(token, query);
    slow.send(`title,n\n${rows(1_000, 1_600)}`);
    if (query === "") {
      for (let seen = 0; seen < 250; seen = await reading("n >= 1000"))
        await new Promise((resolve) => setImmediate(resolve));
      await play(url, { method: "DELETE", path: `/api/collections/_superusers/records/${other.id}`, token: admin });
    }
    slow.send(rows(1_600, 2_000));
    slow.end();
    expect((await slow.answer).status).toBe(401);
  }
  expect(await reading("n >= 1000")).toBeLessThan(1_000);
  expect(await app.folder.store.first({ text: "SELECT 1 FROM items WHERE n >= 1600", values: [] })).toBeUndefined();
});

test("an export that nobody reads to its end holds nothing", async () => {
  const response = await play(url, { path: `${ITEMS}/export?format=json`, token: admin });
  const reader = response.body!.getReader();
  await reader.read();
  await reader.cancel();
  expect((await play(url, { path: "/api/health" })).status).toBe(200);
});

test("what is refused for good is a client's error", async () => {
  const refused = await play(url, { ...post, path: `${ITEMS}/import`, body: "title\nmany\nmany,more\n" });
  expect(await refused.text()).toContain("It has 2 values, and the first line has 1 names.");
});
