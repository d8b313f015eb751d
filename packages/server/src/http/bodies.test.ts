import { errorText, type Scenario, testScenarios } from "../testing/scenario.ts";
import { startTestApp } from "../testing/test-app.ts";

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

/** Zeros for as long as somebody takes them. */
function endless(): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(1 << 20);
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
}

const fromForm = "title=007&views=007&open=true";
testScenarios(url, [
  create("a body may be JSON", { title: "a", views: 1.5 }, 200, '{"open":false,"title":"a","views":1.5}'),
  create(
    "a body may be a form, whose values are what they look like",
    fromForm,
    200,
    '{"open":true,"title":"007","views":7}',
    "application/x-www-form-urlencoded",
  ),
  create("a body may be a multipart form", formOf(["title", "m"], ["views", "2"]), 200, '"title":"m","views":2'),
  create("a form may hold JSON", formOf(["title", "a"], ["@jsonPayload", '{"title":"b"}']), 200, '"title":"b"'),
  create("no body holds nothing", "", 400, BLANK),
  create("null holds nothing", "null", 400, BLANK),
  create("JSON must not end too early", '{"title":', 400, WRONG),
  create("JSON must not be a list", "[]", 400, WRONG),
  create("JSON must not hold a number that is none", '{"title":"a","views":1e999}', 400, WRONG),
  create("JSON must not nest without end", `{"title":${"[".repeat(50_000)}`, 400, WRONG),
  create("a body must be of a known type", "x", 400, errorText(400, "Unsupported Content-Type."), "text/plain"),
  create("a body must not be XML", "<a/>", 400, WRONG, "text/xml"),
  create("a body must fit its collection's records", "x".repeat(DEFAULT_LIMIT + 1001), 413, TOO_LARGE),
  create("a body must fit while it comes in, when it does not say its length", endless(), 413, TOO_LARGE),
  create("a body that fits is read", `${" ".repeat(DEFAULT_LIMIT + 1000 - 13)}{"title":"t"}`, 200, '"title":"t"'),
  {
    name: "a body must fit even where nobody reads it",
    method: "POST",
    path: "/api/health",
    body: "x".repeat(DEFAULT_LIMIT + 1),
    status: 413,
  },
]);
