import { describe, expect, test } from "bun:test";
import { errorText, play, type Scenario, testScenarios } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

const { url, admin, define } = await startTestApp();
await define({ name: "docs", createRule: "", fields: [{ name: "title", type: "text" }] });

const DOCS = "/api/collections/docs/records";
const BLANK = { code: "validation_required", message: "Cannot be blank." };

const allow = (batch: object) => play(url, { method: "PATCH", path: "/api/settings", token: admin, body: { batch } });

const sent = (name: string, body: unknown, status: number, contains: string): Scenario => ({
  name,
  method: "POST",
  path: "/api/batch",
  body,
  status,
  contains: [contains],
});

/** Recorded from PocketBase 0.40.6. */
const refused = (name: string, body: unknown, data: object, message = "Invalid batch request data."): Scenario =>
  sent(name, body, 400, errorText(400, message, data));
const unreadable = (name: string, body: unknown): Scenario =>
  refused(name, body, {}, "Failed to read the submitted batch data.");

describe("batches that are not allowed", () => {
  const none = errorText(403, "Batch requests are not allowed.");
  testScenarios(url, [
    sent("are refused by default", { requests: [{ method: "POST", url: DOCS, body: { title: "x" } }] }, 403, none),
    {
      name: "without a look at the body",
      method: "POST",
      path: "/api/batch",
      body: "{",
      status: 403,
      contains: [none],
    },
  ]);
});

describe("the form of a batch", () => {
  test("batches can be allowed", async () => {
    expect((await allow({ enabled: true, maxRequests: 5 })).status).toBe(200);
  });
  const long = { code: "validation_length_too_long", message: "The length must be no more than 5." };
  const valid = { method: "POST", url: `${DOCS}?fields=title`, body: { title: "any case" } };
  testScenarios(url, [
    sent("a batch needs a body", undefined, 400, `"requests":${JSON.stringify(BLANK)}`),
    refused("null has no requests", "null", { requests: BLANK }),
    refused("an empty list has no requests", { requests: [] }, { requests: BLANK }),
    unreadable("JSON must be complete", "{"),
    unreadable("a batch is an object", "[]"),
    unreadable("the requests are a list", { requests: {} }),
    unreadable("a text of a form is not a list", new URLSearchParams({ requests: "[]" })),
    unreadable("a request is an object", { requests: ["x"] }),
    unreadable("a body is an object", { requests: [{ ...valid, body: [] }] }),
    unreadable("headers are texts", { requests: [{ ...valid, headers: { a: 1 } }] }),
    unreadable("a name occurs once", { requests: [{ ...valid, METHOD: "PUT" }] }),
    refused(
      "there is a maximum of requests",
      { requests: Array.from({ length: 6 }, () => ({})) },
      { requests: { ...long, params: { max: 5, min: 0 } } },
    ),
    refused(
      "requests have a method and a URL",
      { requests: [valid, {}] },
      { requests: { 1: { method: BLANK, url: BLANK } } },
    ),
    refused(
      "the method is one of five, in upper case",
      { requests: [{ ...valid, method: "post" }] },
      { requests: { 0: { method: { code: "validation_in_invalid", message: "Must be a valid value." } } } },
    ),
    refused(
      "the URL has a maximum",
      { requests: [{ method: "POST", url: `${DOCS}?x=${"y".repeat(2_000)}` }] },
      {
        requests: {
          0: {
            url: { code: long.code, message: "The length must be no more than 2000.", params: { max: 2_000, min: 0 } },
          },
        },
      },
    ),
    sent(
      "names match in any case",
      { REQUESTS: [{ Method: valid.method, URL: valid.url, BODY: valid.body, more: 1, headers: null }] },
      200,
      '[{"body":{"title":"any case"},"status":200}]',
    ),
  ]);
});

test("a batch has a maximum size", async () => {
  await allow({ maxBodySize: 100 });
  const body = { requests: [{ method: "POST", url: DOCS, body: { title: "x".repeat(200) } }] };
  const response = await play(url, { method: "POST", path: "/api/batch", body });
  expect([response.status, await response.text()]).toEqual([413, errorText(413, "Request entity too large.")]);
});
