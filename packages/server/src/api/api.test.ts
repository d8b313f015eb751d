import { describe, expect, test } from "bun:test";
import { errorText, play, type Scenario, testScenarios } from "../testing/scenario.ts";
import { startTestApp } from "../testing/test-app.ts";

const { url, admin, log, add, define, tokenOf } = await startTestApp({
  origins: "https://app.example,https://*.dev.example",
});
await define({
  name: "posts",
  listRule: "",
  viewRule: "",
  createRule: "",
  updateRule: "",
  deleteRule: null,
  fields: [
    { type: "text", name: "title", required: true },
    { type: "number", name: "views" },
    { type: "bool", name: "open" },
    { type: "json", name: "extra", maxSize: 1000 },
  ],
});
const post = await add("posts", { title: "<b>first & foremost</b>", views: 3 });
const user = await tokenOf("users", await add("users", { email: "ann@example.com" }));

const POSTS = "/api/collections/posts/records";
const WRONG = "Something went wrong while processing your request.";
const NOWHERE = "The requested resource wasn't found.";

describe("every answer", () => {
  test("has PocketBase's headers, an id and nothing for strangers", async () => {
    const { headers } = await play(url, { path: "/api/health" });
    const { "x-request-id": id, date, ...others } = Object.fromEntries(headers);
    expect(id).toMatch(/^[\da-f-]{36}$/);
    expect(date).toBeTruthy();
    expect(others).toEqual({
      "content-length": "50",
      "content-type": "application/json",
      "cross-origin-opener-policy": "same-origin",
      vary: "Origin",
      "x-content-type-options": "nosniff",
      "x-frame-options": "SAMEORIGIN",
      "x-xss-protection": "1; mode=block",
    });
  });

  test("is logged with the request's id, without its token", async () => {
    const before = log.length;
    const { headers } = await play(url, {
      path: "/api/nothing?token=SECRET&x=1",
      token: user,
      headers: { "X-Request-Id": "trace-7" },
    });
    expect(headers.get("x-request-id")).toBe("trace-7");
    const [line, ...others] = log.slice(before);
    expect(others).toEqual([]);
    expect(line).toMatchObject({ request: "trace-7", method: "GET", status: 404, msg: "request" });
    expect(String(line!["url"])).toMatch(/^\/api\/nothing\?token=.*&x=1$/);
    expect(JSON.stringify(line)).not.toContain("SECRET");
    expect(String(line!["principal"])).toMatch(/^users\/\w{15}$/);
    expect(line!["ms"]).toBeNumber();
  });
});

testScenarios(url, [
  {
    name: "health says nothing else to anybody",
    path: "/api/health",
    token: user,
    status: 200,
    contains: ['{"message":"API is healthy.","code":200,"data":{}}'],
  },
  {
    name: "health tells superusers more",
    path: "/api/health",
    token: admin,
    status: 200,
    contains: ['"realIP":"127.0.0.1"'],
  },
  {
    name: "HEAD has GET's headers and no body",
    method: "HEAD",
    path: "/api/health",
    status: 200,
    answers: { "content-length": "50" },
  },
  { name: "HEAD of nothing has no body", method: "HEAD", path: "/api/nothing", status: 404 },
  ...["/", "/api", "/api/nothing", "/api/health/", "/API/health"].map((path): Scenario => ({
    name: `nothing is at ${path}`,
    path,
    status: 404,
    contains: [errorText(404, NOWHERE)],
  })),
  ...["POST", "PUT", "PATCH", "DELETE"].map((method): Scenario => ({
    name: `nothing is at ${method} /api/health`,
    method,
    path: "/api/health",
    status: 404,
    contains: [errorText(404, NOWHERE)],
  })),
  {
    name: "a path that can't be decoded is refused",
    path: `${POSTS}/%zz`,
    status: 400,
    contains: [errorText(400, WRONG)],
  },
]);

describe("other origins", () => {
  testScenarios(url, [
    {
      name: "are let in by name",
      path: "/api/health",
      headers: { Origin: "https://app.example" },
      status: 200,
      answers: { "access-control-allow-origin": "https://app.example", vary: "Origin" },
    },
    {
      name: "are let in by pattern, to errors as well",
      path: "/api/nothing",
      headers: { Origin: "https://x.dev.example" },
      status: 404,
      answers: { "access-control-allow-origin": "https://x.dev.example" },
    },
    {
      name: "are told nothing when they are strangers",
      path: "/api/health",
      headers: { Origin: "https://evil.example" },
      status: 200,
      answers: { "access-control-allow-origin": null },
    },
    {
      name: "may ask first, wherever they ask",
      method: "OPTIONS",
      path: "/nowhere",
      headers: { Origin: "https://app.example", "Access-Control-Request-Headers": "x-a" },
      status: 204,
      answers: { "access-control-allow-headers": "x-a" },
    },
  ]);
});

describe("what a client picks with `fields`", () => {
  testScenarios(url, [
    { name: "are keys of an object", path: "/api/health?fields=code", status: 200, contains: ['{"code":200}'] },
    {
      name: "are keys of a list's items",
      path: `${POSTS}?fields=title:excerpt(5,true)`,
      status: 200,
      contains: ['{"items":[{"title":"first..."}],"page":1,"perPage":30,"totalItems":1,"totalPages":1}'],
    },
    {
      name: "is refused when it can't be read",
      path: "/api/health?fields=code:nope()",
      status: 400,
      contains: [errorText(400, WRONG)],
    },
    {
      name: "is not asked of errors",
      path: "/api/nothing?fields=status",
      status: 404,
      contains: [errorText(404, NOWHERE)],
    },
  ]);
});

describe("who asks", () => {
  const COLLECTIONS = "/api/collections?perPage=1&fields=name";
  const needsToken = errorText(401, "The request requires valid record authorization token.");
  const forged = `${user.split(".").slice(0, 2).join(".")}.${admin.split(".")[2]}`;
  testScenarios(url, [
    { name: "may be a superuser", path: COLLECTIONS, token: admin, status: 200 },
    ...["Bearer", "bearer", "BEARER"].map((scheme): Scenario => ({
      name: `may say ${scheme}`,
      path: COLLECTIONS,
      token: `${scheme} ${admin}`,
      status: 200,
    })),
    {
      name: "may not be just anybody where superusers are wanted",
      path: COLLECTIONS,
      token: user,
      status: 403,
      contains: [errorText(403, "The authorized record is not allowed to perform this action.")],
    },
    ...[undefined, "", forged, `${admin}x`, "Token", `Bearer${admin}`, "Bearer "].map((token): Scenario => ({
      name: `is nobody with ${token === undefined ? "no token" : `the token ${token.slice(0, 12)}…${token.length}`}`,
      path: COLLECTIONS,
      ...(token === undefined ? {} : { token }),
      status: 401,
      contains: [needsToken],
    })),
    {
      name: "is nobody with a bad token, which is no error where nobody need be anybody",
      path: POSTS,
      token: forged,
      status: 200,
    },
  ]);
});

describe("a body", () => {
  const create = (
    name: string,
    body: unknown,
    status: number,
    contains: readonly string[],
    headers = {},
  ): Scenario => ({
    name,
    method: "POST",
    path: `${POSTS}?fields=title,views,open`,
    body,
    headers,
    status,
    contains,
  });
  const formOf = (...entries: readonly (readonly [string, string])[]): FormData => {
    const form = new FormData();
    for (const [name, value] of entries) form.append(name, value);
    return form;
  };
  const urlEncoded = { "Content-Type": "application/x-www-form-urlencoded" };
  const blank = '"title":{"code":"validation_required","message":"Cannot be blank."}';
  testScenarios(url, [
    create("may be JSON", { title: "plain", views: 1.5 }, 200, ['{"open":false,"title":"plain","views":1.5}']),
    create(
      "may be a form, whose values are what they look like",
      "title=007&views=007&open=true",
      200,
      ['{"open":true,"title":"007","views":7}'],
      urlEncoded,
    ),
    create("may be a multipart form", formOf(["title", "m"], ["views", "2"]), 200, [
      '{"open":false,"title":"m","views":2}',
    ]),
    create("may be JSON in a form", formOf(["title", "a"], ["@jsonPayload", '{"title":"b"}']), 200, ['"title":"b"']),
    create("may be missing, and then holds nothing", "", 400, [blank]),
    create("may be null, and then holds nothing", "null", 400, [blank]),
    create("must not end too early", '{"title":', 400, [errorText(400, WRONG)]),
    create("must not be a list", "[]", 400, [errorText(400, WRONG)]),
    create("must not hold a number that is none", '{"title":"a","views":1e999}', 400, [errorText(400, WRONG)]),
    create("must not nest without end", `{"title":${"[".repeat(50_000)}`, 400, [errorText(400, WRONG)]),
    create("must be of a known type", "x", 400, [errorText(400, "Unsupported Content-Type.")], {
      "Content-Type": "text/plain",
    }),
    create("must not be XML", "<a/>", 400, [errorText(400, WRONG)], { "Content-Type": "text/xml" }),
    create("must not be larger than its collection's records", "x".repeat((32 << 20) + 1001), 413, [
      errorText(413, "Request entity too large."),
    ]),
    create("must not be larger than it says, as the chunks of it come in", endless(), 413, [
      errorText(413, "Request entity too large."),
    ]),
    {
      name: "must not be larger than 32 MiB elsewhere, even where nobody reads it",
      method: "POST",
      path: "/api/health",
      body: "x".repeat((32 << 20) + 1),
      status: 413,
    },
  ]);
});

/** Zeros for as long as somebody takes them. */
function endless(): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(1 << 20);
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
}

describe("records of another state than the request thinks", () => {
  const id = post.id;
  testScenarios(url, [
    {
      name: "a list of nothing",
      path: "/api/collections/nope/records",
      status: 404,
      contains: [errorText(404, "Missing collection context.")],
    },
    {
      name: "a record for nothing",
      method: "POST",
      path: "/api/collections/nope/records",
      body: "{",
      status: 404,
      contains: [errorText(404, "Missing or invalid collection context.")],
    },
    { name: "a page that is no number", path: `${POSTS}?page=x`, status: 400, contains: [errorText(400, WRONG)] },
    { name: "a filter that is none", path: `${POSTS}?filter=title=`, status: 400, contains: [errorText(400, WRONG)] },
    { name: "an unknown record", path: `${POSTS}/nope`, status: 404, contains: [errorText(404, NOWHERE)] },
    { name: "a change of an unknown record", method: "PATCH", path: `${POSTS}/nope`, body: {}, status: 404 },
    {
      name: "a change",
      method: "PATCH",
      path: `${POSTS}/${id}?fields=id,views`,
      body: { "views+": 4 },
      status: 200,
      contains: [`{"id":"${id}","views":7}`],
    },
    {
      name: "an end that only superusers may make",
      method: "DELETE",
      path: `${POSTS}/${id}`,
      status: 403,
      contains: [errorText(403, "Only superusers can perform this action.")],
    },
    { name: "an end", method: "DELETE", path: `${POSTS}/${id}`, token: admin, status: 204 },
    { name: "the same end again", method: "DELETE", path: `${POSTS}/${id}`, token: admin, status: 404 },
  ]);
});

describe("collections", () => {
  const body = { name: "notes", fields: [{ type: "text", name: "title" }], listRule: "" };
  const request = (
    name: string,
    method: string,
    path: string,
    status: number,
    more: Partial<Scenario> = {},
  ): Scenario => ({
    name,
    method,
    path: `/api/collections${path}`,
    token: admin,
    status,
    ...more,
  });
  testScenarios(url, [
    request("are made", "POST", "?fields=name,type", 200, { body, contains: ['{"name":"notes","type":"base"}'] }),
    request("are there at once", "GET", "/NOTES/records", 200, { contains: ['"totalItems":0'] }),
    request("are not made twice", "POST", "", 400, {
      body,
      contains: ['"message":"Failed to create collection."', "validation_collection_name_exists"],
    }),
    request("are listed by a filter", "GET", "?filter=name='notes'&fields=name", 200, {
      contains: ['"items":[{"name":"notes"}]'],
    }),
    request("are not filtered by what they don't show", "GET", "?filter=fields='a'", 400, {
      contains: [errorText(400, WRONG)],
    }),
    request("are sorted and paged", "GET", "?sort=-name&perPage=1&page=2&skipTotal=1&fields=name", 200, {
      contains: ['{"items":[{"name":"posts"}],"page":2,"perPage":1,"totalItems":-1,"totalPages":-1}'],
    }),
    request("are renamed with their table", "PATCH", "/notes?fields=name,listRule", 200, {
      body: { name: "memos" },
      contains: ['{"listRule":"","name":"memos"}'],
    }),
    request("are gone under their old name", "GET", "/notes", 404),
    request("are there under their new one", "GET", "/memos/records", 200),
    request("can't be read from what is no JSON", "PATCH", "/memos", 400, {
      body: "{",
      contains: [errorText(400, "Failed to load the submitted data due to invalid formatting.")],
    }),
    request("can't be made from what is no JSON", "POST", "", 400, {
      body: "[]",
      contains: [errorText(400, "Failed to load the collection type data due to invalid formatting.")],
    }),
    request("have scaffolds of all types", "GET", "/meta/scaffolds?fields=auth.type,base.type,view.type", 200, {
      contains: ['"auth":{"type":"auth"}', '"base":{"type":"base"}', '"view":{"type":"view"}'],
    }),
    request("go", "DELETE", "/memos", 204),
    request("are gone then", "GET", "/memos/records", 404),
    request("stay when they are the system's", "DELETE", "/_superusers", 400),
  ]);
});
