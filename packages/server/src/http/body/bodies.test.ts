import { errorText, type Scenario, testScenarios } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

const { url, define } = await startTestApp();
await define({
  name: "posts",
  createRule: "",
  fields: [
    { type: "text", name: "title", required: true },
    { type: "number", name: "views" },
    { type: "bool", name: "open" },
    { type: "json", name: "extra", maxSize: 1000 },
  ],
});

const WRONG = errorText(400, "Something went wrong while processing your request.");
const TOO_LARGE = errorText(413, "Request entity too large.");
const BLANK = '"title":{"code":"validation_required","message":"Cannot be blank."}';
/** PocketBase's 32 MiB. */
const DEFAULT_LIMIT = 32 << 20;

const create = (name: string, body: unknown, status: number, part: string, contentType?: string): Scenario => ({
  name,
  method: "POST",
  path: "/api/collections/posts/records?fields=title,views,open",
  body,
  ...(contentType === undefined ? {} : { headers: { "Content-Type": contentType } }),
  status,
  contains: [part],
});

function formOf(...entries: readonly (readonly [string, string])[]): FormData {
  const form = new FormData();
  for (const [name, value] of entries) form.append(name, value);
  return form;
}

/** Zeros without end. */
function endless(): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(1 << 20);
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
}

const fromForm = "title=007&views=007&open=true";
testScenarios(url, [
  create("a body may be JSON", { title: "a", views: 1.5 }, 200, '{"open":false,"title":"a","views":1.5}'),
  create(
    "a body may be a form, whose values are converted to what they look like",
    fromForm,
    200,
    '{"open":true,"title":"007","views":7}',
    "application/x-www-form-urlencoded",
  ),
  create("a body may be a multipart form", formOf(["title", "m"], ["views", "2"]), 200, '"title":"m","views":2'),
  create("a form may contain JSON", formOf(["title", "a"], ["@jsonPayload", '{"title":"b"}']), 200, '"title":"b"'),
  create("a request without a body has no values", "", 400, BLANK),
  create("null has no values", "null", 400, BLANK),
  create("JSON must be complete", '{"title":', 400, WRONG),
  create("JSON must not be a list", "[]", 400, WRONG),
  create("JSON must not contain a number that is too large", '{"title":"a","views":1e999}', 400, WRONG),
  create("JSON must not be nested too deeply", `{"title":${"[".repeat(50_000)}`, 400, WRONG),
  create("a body must have a known content type", "x", 400, errorText(400, "Unsupported Content-Type."), "text/plain"),
  create("a body must not be XML", "<a/>", 400, WRONG, "text/xml"),
  create("a body must not exceed the limit of its collection", "x".repeat(DEFAULT_LIMIT + 1001), 413, TOO_LARGE),
  create("a body without a Content-Length must not exceed the limit either", endless(), 413, TOO_LARGE),
  create(
    "a body of exactly the limit is read",
    `${" ".repeat(DEFAULT_LIMIT + 1000 - 13)}{"title":"t"}`,
    200,
    '"title":"t"',
  ),
  {
    name: "a body must not exceed the limit even if the endpoint does not read it",
    method: "POST",
    path: "/api/health",
    body: "x".repeat(DEFAULT_LIMIT + 1),
    status: 413,
  },
]);
