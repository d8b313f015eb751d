import { describe, expect, test } from "bun:test";
import { errorText, play, type Scenario, testScenarios } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

const { url, admin, app, add, define, tokenOf } = await startTestApp();
const open = { listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "" };
await define({
  ...open,
  name: "docs",
  fields: [
    { name: "title", type: "text", required: true, max: 20 },
    { name: "n", type: "number" },
    { name: "doc", type: "file", maxSelect: 2, maxSize: 1_000 },
  ],
  indexes: ["CREATE UNIQUE INDEX idx_docs_title ON docs (title)"],
});
await define({
  ...open,
  name: "notes",
  createRule: "@request.auth.id != '' && doc.title ~ 'ok'",
  updateRule: "@request.context = 'batch' && @request.method = 'PATCH'",
  deleteRule: "@request.headers.x_key = 'k' && @request.query.force = '1'",
  fields: [
    { name: "doc", type: "relation", collectionId: app.folder.registry.current.find("docs")!.id, maxSelect: 1 },
    { name: "line", type: "text" },
  ],
});
await define({ name: "secrets", fields: [{ name: "title", type: "text" }] });
await define({ name: "titles", type: "view", viewQuery: "select id, title from docs", listRule: "" });
const member = await add("users", { email: "member@example.com" });
const user = await tokenOf("users", member);

const DOCS = "/api/collections/docs/records";
const NOTES = "/api/collections/notes/records";
const WRONG = "Something went wrong while processing your request.";
const NOT_FOUND = "The requested resource wasn't found.";
const BLANK = { code: "validation_required", message: "Cannot be blank." };

const batch = { enabled: true, maxRequests: 5 };
await play(url, { method: "PATCH", path: "/api/settings", token: admin, body: { batch } });
const request = (method: string, path: string, body?: unknown, headers?: object) => ({
  method,
  url: path,
  body,
  headers,
});
const titles = async (): Promise<string[]> => {
  const list = await play(url, { path: `${DOCS}?perPage=500&sort=title&fields=title` });
  return ((await list.json()) as { items: { title: string }[] }).items.map(({ title }) => title);
};

type Sent = ReturnType<typeof request>;

/** Scenarios in which the batch is done. Recorded from PocketBase 0.40.6, like those below. */
const done = (name: string, requests: readonly Sent[], body: string, more: Partial<Scenario> = {}): Scenario => ({
  name,
  method: "POST",
  path: "/api/batch",
  body: { requests },
  status: 200,
  contains: [body],
  ...more,
});

/** Scenarios in which a request fails, and with it the batch. */
const failed = (
  name: string,
  requests: readonly Sent[],
  index: number,
  [status, message, data = {}]: readonly [number, string, object?],
  more: Partial<Scenario> = {},
): Scenario => {
  const response = { data, message, status };
  const failure = { code: "batch_request_failed", message: "Batch request failed.", response };
  const text = errorText(400, "Batch transaction failed.", { requests: { [index]: failure } });
  return { name, method: "POST", path: "/api/batch", body: { requests }, status: 400, contains: [text], ...more };
};

describe("what a batch can't do", () => {
  const cases: readonly (readonly [method: string, path: string])[] = [
    ["GET", DOCS],
    ["POST", `${DOCS}/x`],
    ["PATCH", DOCS],
    ["PUT", `${DOCS}/x`],
    ["POST", "/api/collections/users/auth-with-password"],
    ["POST", `http://example.com${DOCS}`],
    ["POST", `${DOCS}/`],
    ["DELETE", `${DOCS}/%zz`],
  ];
  testScenarios(url, [
    ...cases.map(([method, path]) => failed(`${method} ${path}`, [request(method, path, {})], 0, [400, WRONG])),
    failed(
      "a later one has PocketBase's other status",
      [request("POST", DOCS, { title: "rolled back" }), request("GET", DOCS)],
      1,
      [500, WRONG],
    ),
    failed("an unknown collection", [request("POST", "/api/collections/nope/records", {})], 0, [
      404,
      "Missing collection context.",
    ]),
    failed("a view", [request("PUT", "/api/collections/titles/records", { id: "x" })], 0, [
      400,
      "Unsupported collection type.",
    ]),
    failed("a broken parameter", [request("POST", `${DOCS}?a=%zz`, { title: "x" })], 0, [400, WRONG]),
    failed(
      "broken fields, although the record was valid",
      [request("POST", `${DOCS}?fields=a:x()`, { title: "rolled back" })],
      0,
      [400, WRONG],
    ),
  ]);
  test("nothing was written", async () => expect(await titles()).toEqual([]));
});

const A = "aaaaaaaaaaaaaa1";
const B = "aaaaaaaaaaaaaa2";

describe("requests see what those before them did", () => {
  testScenarios(url, [
    done(
      "an update of a created record, and its delete",
      [
        request("POST", `${DOCS}?fields=n`, { id: A, title: "ok", n: 1 }),
        request("PATCH", `${DOCS}/${A}?fields=n`, { "n+": 4 }),
        request("PATCH", `${DOCS}/${A}?fields=n`, { "n-": 2 }),
        request("DELETE", `${DOCS}/${A}`),
      ],
      '[{"body":{"n":1},"status":200},{"body":{"n":5},"status":200},{"body":{"n":3},"status":200},{"body":null,"status":204}]',
    ),
    done(
      "a rule and a relation",
      [
        request("POST", `${DOCS}?fields=title`, { id: A, title: "ok" }),
        request("POST", `${NOTES}?expand=doc&fields=line,expand.doc.title`, { id: B, doc: A, line: "l" }),
      ],
      '[{"body":{"title":"ok"},"status":200},{"body":{"expand":{"doc":{"title":"ok"}},"line":"l"},"status":200}]',
      { token: user },
    ),
    failed(
      "a rule that fails by an earlier request",
      [request("PATCH", `${DOCS}/${A}`, { title: "no" }), request("POST", NOTES, { doc: A })],
      1,
      [400, "Failed to create record."],
      { token: user },
    ),
    failed(
      "a record that comes later",
      [request("POST", NOTES, { doc: B }), request("POST", DOCS, { id: B, title: "ok 2" })],
      0,
      [400, "Failed to create record."],
      { token: user },
    ),
    failed("a deleted record", [request("DELETE", `${DOCS}/${A}`), request("PATCH", `${DOCS}/${A}`, { n: 1 })], 1, [
      404,
      NOT_FOUND,
    ]),
    failed(
      "a value that is not unique any more",
      [request("POST", DOCS, { title: "same" }), request("POST", DOCS, { title: "same" })],
      1,
      [400, "Failed to create record.", { title: { code: "validation_not_unique", message: "Value must be unique." } }],
    ),
    done(
      "an upsert creates, then updates",
      [
        request("PUT", `${DOCS}?fields=n`, { id: B, title: "up", n: 1 }),
        request("PUT", `${DOCS}?fields=n`, { id: B, "n+": 1 }),
      ],
      '[{"body":{"n":1},"status":200},{"body":{"n":2},"status":200}]',
    ),
    done(
      "an upsert after a delete creates",
      [request("DELETE", `${DOCS}/${B}`), request("PUT", `${DOCS}?fields=title,n`, { id: B, title: "again" })],
      '[{"body":null,"status":204},{"body":{"n":0,"title":"again"},"status":200}]',
    ),
    done(
      "an upsert without an id creates",
      [request("PUT", `${DOCS}?fields=title`, { id: null, title: "no id" })],
      '"title":"no id"',
    ),
    done(
      "an id may be a number",
      [request("PUT", `${DOCS}?fields=id`, { id: 123_456_789_012_345, title: "number" })],
      '"123456789012345"',
    ),
    failed("an upsert that updates has its words", [request("PUT", DOCS, { id: B, title: "" })], 0, [
      400,
      "Failed to update record.",
      { title: BLANK },
    ]),
  ]);
});

describe("rules of a request", () => {
  const path = `${NOTES}/${B}`;
  testScenarios(url, [
    failed(
      "superusers only",
      [request("POST", DOCS, { title: "rolled back" }), request("POST", "/api/collections/secrets/records", {})],
      1,
      [403, "Only superusers can perform this action."],
    ),
    failed(
      "the token of a request is ignored",
      [request("POST", "/api/collections/secrets/records", {}, { AUTHORIZATION: admin })],
      0,
      [403, "Only superusers can perform this action."],
    ),
    done(
      "superusers pass",
      [request("POST", "/api/collections/secrets/records?fields=title", { title: "s" })],
      '"title":"s"',
      { token: admin },
    ),
    done(
      "the context is batch, and the method the request's own",
      [request("PATCH", `${path}?fields=line`, { line: "2" })],
      '"line":"2"',
    ),
    { name: "outside of a batch, the context is another one", method: "PATCH", path, body: {}, status: 404 },
    done(
      "an upsert that updates has the method PATCH",
      [request("PUT", `${NOTES}?fields=line`, { id: B, line: "3" })],
      '"line":"3"',
    ),
    failed("headers and parameters are needed", [request("DELETE", `${path}?force=1`)], 0, [404, NOT_FOUND]),
    failed("the parameters are the request's own", [request("DELETE", path)], 0, [404, NOT_FOUND], {
      path: "/api/batch?force=1",
      headers: { "X-Key": "k" },
    }),
    done(
      "headers are those of the batch and the request's own",
      [request("DELETE", `${path}?force=1`, undefined, { "X-Key": "k" })],
      '[{"body":null,"status":204}]',
      { headers: { "X-Key": "other" } },
    ),
  ]);
});

describe("the parameter fields of a batch", () => {
  testScenarios(url, [
    done("selects parts of the results", [request("POST", DOCS, { title: "part" })], '[{"status":200}]', {
      path: "/api/batch?fields=status",
    }),
    done(
      "applies after those of the requests",
      [request("POST", `${DOCS}?fields=title,n`, { title: "part 2" })],
      '[{"body":{"n":0}}]',
      { path: "/api/batch?fields=body.n" },
    ),
  ]);
});
