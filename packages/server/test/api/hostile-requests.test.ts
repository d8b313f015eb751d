import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { type RequestOptions, request } from "@headwater/testing/clients/request.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
let superuser: SuperuserClient;

beforeAll(async () => {
  server = await startServer({ args: ["--log-level", "debug"] });
  superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PUBLIC_NOTES);
});

afterAll(() => server[Symbol.asyncDispose]());

const NOTES = "/api/collections/notes/records";
const SIGN_IN = "/api/collections/users/auth-with-password";
const WRONG = "Something went wrong while processing your request.";
const NOT_FOUND = "The requested resource wasn't found.";
const BLANK = { code: "validation_required", message: "Cannot be blank." };
const LENGTH_1_TO_255 = {
  code: "validation_length_out_of_range",
  message: "The length must be between 1 and 255.",
  params: { max: 255, min: 1 },
};
const atMost = (max: number): unknown => ({
  code: "validation_length_too_long",
  message: `The length must be no more than ${max}.`,
  params: { max, min: 0 },
});

type Refused = readonly [
  what: string,
  method: string,
  path: string,
  options: RequestOptions,
  status: number,
  message: string,
  data?: unknown,
];

const filter = (text: string): string => `${NOTES}?filter=${encodeURIComponent(text)}`;
const typed = (type: string, body: string): RequestOptions => ({ body, headers: { "Content-Type": type } });

/** Requests, and PocketBase's responses to them. */
const REFUSED: readonly Refused[] = [
  ["JSON that ends too early", "POST", NOTES, { body: '{"title":' }, 400, WRONG],
  ["a JSON list for a record", "POST", NOTES, { body: "[1,2]" }, 400, WRONG],
  ["a JSON string for a record", "POST", NOTES, { body: '"x"' }, 400, WRONG],
  ["bytes that are not JSON", "POST", NOTES, { body: "\u0000\u0001" }, 400, WRONG],
  ["a number out of range", "POST", NOTES, { body: '{"count":1e400}' }, 400, WRONG],
  ["100,000 open brackets", "POST", NOTES, { body: `{"title":${"[".repeat(100_000)}` }, 400, WRONG],
  ["an unsupported content type", "POST", NOTES, typed("application/xml", "<a/>"), 400, WRONG],
  ["a truncated form", "POST", NOTES, typed("multipart/form-data; boundary=x", "--x\r\nno"), 400, WRONG],
  ["a form without a boundary", "POST", NOTES, typed("multipart/form-data", "abc"), 400, WRONG],
  [
    "a title of 6,000 characters",
    "POST",
    NOTES,
    { body: { title: "x".repeat(6000) } },
    400,
    "Failed to create record.",
    {
      title: {
        code: "validation_max_text_constraint",
        message: "Must be no more than 5000 character(s).",
        params: { max: 5000 },
      },
    },
  ],
  [
    "an id that is a path",
    "POST",
    NOTES,
    { body: { id: "../../etc" } },
    400,
    "Failed to create record.",
    {
      id: { code: "validation_min_text_constraint", message: "Must be at least 15 character(s).", params: { min: 15 } },
    },
  ],
  ["an unknown collection", "GET", "/api/collections/nope/records", {}, 404, "Missing collection context."],
  ["an unknown record", "GET", `${NOTES}/nope`, {}, 404, NOT_FOUND],
  ["an update of an unknown record", "PATCH", `${NOTES}/nope`, { body: { title: "x" } }, 404, NOT_FOUND],
  ["the deletion of an unknown record", "DELETE", `${NOTES}/nope`, {}, 404, NOT_FOUND],
  ["a file outside the folder", "GET", "/api/files/notes/..%2f..%2f/data.db", {}, 404, NOT_FOUND],
  ["an unknown route", "POST", "/api/nope", {}, 404, NOT_FOUND],
  ["a method the route does not have", "PUT", NOTES, { body: {} }, 404, NOT_FOUND],
  ["an incomplete filter", "GET", filter("title = "), {}, 400, WRONG],
  ["SQL in a filter", "GET", filter("title = '' OR 1=1); DROP TABLE notes;--"), {}, 400, WRONG],
  ["a filter of 4,000 characters", "GET", filter("a".repeat(4000)), {}, 400, WRONG],
  ["an unknown field to sort by", "GET", `${NOTES}?sort=nope`, {}, 400, WRONG],
  ["a page that is not a number", "GET", `${NOTES}?page=x`, {}, 400, WRONG],
  [
    "an object for an identity",
    "POST",
    SIGN_IN,
    { body: { identity: {}, password: [] } },
    400,
    "An error occurred while loading the submitted data.",
  ],
  [
    "a sign-in without an identity",
    "POST",
    SIGN_IN,
    { body: {} },
    400,
    "An error occurred while validating the submitted data.",
    {
      identity: BLANK,
      password: BLANK,
    },
  ],
  [
    "a password of 256 characters",
    "POST",
    SIGN_IN,
    { body: { identity: "a@b.c", password: "x".repeat(256) } },
    400,
    "An error occurred while validating the submitted data.",
    { password: LENGTH_1_TO_255 },
  ],
  [
    "a sign-in to a base collection",
    "POST",
    "/api/collections/notes/auth-with-password",
    { body: {} },
    404,
    "Missing or invalid auth collection context.",
  ],
  ["a truncated subscribe request", "POST", "/api/realtime", { body: "{" }, 400, WRONG],
  ["a subscribe request without a client id", "POST", "/api/realtime", { body: {} }, 400, WRONG, { clientId: BLANK }],
  [
    "a subscribe request with an unknown client id",
    "POST",
    "/api/realtime",
    { body: { clientId: "x" } },
    404,
    "Missing or invalid client id.",
  ],
  [
    "a string for the subscriptions",
    "POST",
    "/api/realtime",
    { body: { clientId: "x", subscriptions: "notes" } },
    400,
    WRONG,
  ],
];

describe("refused with PocketBase's response:", () => {
  for (const [what, method, path, options, status, message, data = {}] of REFUSED) {
    test(what, async () => {
      const { body } = await request(server.url, method, path, options);
      expect(body).toEqual({ data, message, status });
    });
  }

  test("too many and too long subscriptions", async () => {
    using client = await SseClient.connect(server.url);
    const many = await client.submit(Array.from({ length: 1001 }, (_, index) => `topic ${index}`));
    expect(many.body).toEqual({ data: { subscriptions: atMost(1000) }, message: WRONG, status: 400 });
    const long = await client.submit(["fine", "x".repeat(2501)]);
    expect(long.body).toEqual({ data: { subscriptions: { 1: atMost(2500) } }, message: WRONG, status: 400 });
  });
});

describe("values of the wrong type are converted by the field:", () => {
  test.each([
    ["no body at all", "", { title: "", count: 0 }],
    ["null", "null", { title: "", count: 0 }],
    ["an object for a text", '{"title":{"a":1}}', { title: "" }],
    ["a number for a text", '{"title":12}', { title: "12" }],
    ["a text for a number", '{"count":"abc"}', { count: 0 }],
    ["an object for a number", '{"count":{}}', { count: 0 }],
    [
      "names from JavaScript's prototypes",
      '{"__proto__":{"title":"x"},"constructor":"y","title":"fine"}',
      { title: "fine" },
    ],
    ["a text with a NUL character", '{"title":"a\\u0000b"}', { title: "a\u0000b" }],
  ])("%s", async (_, body, stored) => {
    const reply = await request(server.url, "POST", NOTES, { body });
    expect(reply).toMatchObject({ status: 200, body: stored });
  });
});

describe("an invalid token", () => {
  const tokens: readonly (readonly [string, () => string])[] = [
    ["plain text", () => "not a token"],
    ["a fake JWT", () => "Bearer x.y.z"],
    ["no signature", () => `${btoa('{"alg":"none","typ":"JWT"}')}.${superuser.token.split(".")[1]}.`],
    ["a wrong signature", () => superuser.token.slice(0, -4) + (superuser.token.endsWith("AAAA") ? "BBBB" : "AAAA")],
  ];

  test.each(tokens)("(%s) makes the request a guest's", async (_, make) => {
    const token = make();
    expect((await request(server.url, "GET", NOTES, { token })).status).toBe(200);
    expect((await request(server.url, "GET", "/api/collections", { token })).body).toEqual({
      data: {},
      message: "The request requires valid record authorization token.",
      status: 401,
    });
  });

  test("(an expired one) makes the request a guest's", async () => {
    const impersonate = `/api/collections/users/impersonate/${(await superuser.createUser("brief")).id}`;
    const { body } = await superuser.request<{ token: string }>("POST", impersonate, { body: { duration: 1 } });
    const refresh = (): Promise<number> =>
      request(server.url, "POST", "/api/collections/users/auth-refresh", { token: body.token }).then(
        ({ status }) => status,
      );
    const { exp } = JSON.parse(atob(body.token.split(".")[1]!));
    while (Date.now() <= exp * 1000) await Bun.sleep(50);
    expect(await refresh()).toBe(401);
  });
});

describe("a request without a host that can be parsed", () => {
  test.each([
    "GET /api/health HTTP/1.0\r\n\r\n",
    "GET /api/health?a=1 HTTP/1.0\r\nConnection: close\r\n\r\n",
    "GET /api/health HTTP/1.1\r\nHost:\r\n\r\n",
    "GET /api/health HTTP/1.1\r\nHost: a b/c?d\r\n\r\n",
    "GET /api/health HTTP/1.1\r\nHost: [::1\r\n\r\n",
    "GET /api/health HTTP/1.1\r\nHost: a:99999\r\n\r\n",
    "GET http://a:99999/api/health HTTP/1.0\r\n\r\n",
  ])("%j gets its answer", async (text) => {
    using connection = await RawConnection.open(server.url);
    connection.write(text);
    const response = await connection.response();
    expect({ status: response?.status, body: response?.body }).toEqual({
      status: 200,
      body: '{"message":"API is healthy.","code":200,"data":{}}',
    });
  });

  test.each(["GET //api/health HTTP/1.0\r\n\r\n", "GET //a?b HTTP/1.0\r\n\r\n", "PROPFIND / HTTP/1.0\r\n\r\n"])(
    "%j gets a redirect or an error without details",
    async (text) => {
      using connection = await RawConnection.open(server.url);
      connection.write(text);
      expect((await connection.response())?.status).toBeOneOf([307, 400, 404]);
    },
  );
});

test("no secret of a query string reaches the log, not even of a request that fails", async () => {
  const secret = "hush-4711";
  const names = ["password", "PassWord", "%70assword", "user%5Bpassword%5D", "token", "X-Token", "apiKey", "next"];
  const queries = [
    ...names.map((name) => `${name}=${secret}`),
    `%40jsonPayload=${encodeURIComponent(`{"password":${secret}}`)}`,
    `filter=${encodeURIComponent(`tokenKey='${secret}'`)}`,
    `filter=${encodeURIComponent(`title=${secret}`)}`,
    `redirect=${encodeURIComponent(`https://a.test/?token=${secret}`)}`,
  ];
  const form = { body: "a=1", headers: { "Content-Type": "application/x-www-form-urlencoded" } };
  for (const query of queries) {
    for (const path of [NOTES, "/api/nothing", "/api/files/a/b/c", "/api/realtime/ws"]) {
      await request(server.url, "GET", `${path}?${query}`);
    }
    for (const path of [NOTES, SIGN_IN]) await request(server.url, "POST", `${path}?${query}`, form);
  }
  await request(server.url, "GET", "/api/nothing?last=1");
  const log = await server.untilLogged("last=1");
  expect(log).toContain("PassWord=***");
  const leaks = `${log}\n${await server.stderr()}`.split("\n").filter((line) => line.includes("hush"));
  expect(leaks).toEqual([]);
});

test("afterwards the server is healthy", async () => {
  expect((await request(server.url, "GET", "/api/health")).body).toEqual({
    message: "API is healthy.",
    code: 200,
    data: {},
  });
  expect(await server.stop()).toBe(0);
});
