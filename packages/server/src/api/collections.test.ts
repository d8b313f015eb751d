import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { errorText, play, type Scenario, testScenarios } from "../testing/scenario.ts";
import { startTestApp } from "../testing/test-app.ts";

const { url, admin } = await startTestApp();

const request = (
  name: string,
  method: string,
  path: string,
  status: number,
  body?: unknown,
  ...contains: readonly string[]
): Scenario => ({ name, method, path: `/api/collections${path}`, token: admin, status, body, contains });

const NOTES = { name: "notes", fields: [{ type: "text", name: "title" }], listRule: "" };
const WRONG = errorText(400, "Something went wrong while processing your request.");
const UNREADABLE = errorText(400, "Failed to load the submitted data due to invalid formatting.");
const NO_TYPE = errorText(400, "Failed to load the collection type data due to invalid formatting.");
const SECOND = '{"items":[{"name":"notes"}],"page":2,"perPage":1,"totalItems":-1,"totalPages":-1}';

testScenarios(url, [
  request("collections are made", "POST", "?fields=name,type", 200, NOTES, '{"name":"notes","type":"base"}'),
  request("a collection is there at once", "GET", "/NOTES/records", 200, undefined, '"totalItems":0'),
  request(
    "a collection is not made twice",
    "POST",
    "",
    400,
    NOTES,
    "Failed to create",
    "validation_collection_name_exists",
  ),
  request("a collection is shown", "GET", "/notes?fields=name", 200, undefined, '{"name":"notes"}'),
  request("collections are filtered", "GET", "?filter=name='notes'&fields=name", 200, undefined, '[{"name":"notes"}]'),
  request("collections are not filtered by their fields", "GET", "?filter=fields='a'", 400, undefined, WRONG),
  request(
    "collections are sorted and paged",
    "GET",
    "?sort=-name&perPage=1&page=2&skipTotal=1&fields=name",
    200,
    undefined,
    SECOND,
  ),
  request(
    "a collection is renamed",
    "PATCH",
    "/notes?fields=name,listRule",
    200,
    { name: "memos" },
    '{"listRule":"","name":"memos"}',
  ),
  request("a collection is gone under its old name", "GET", "/notes", 404),
  request("a collection is there under its new name", "GET", "/memos/records", 200),
  request("a collection can't be changed by what is no JSON", "PATCH", "/memos", 400, "{", UNREADABLE),
  request("a collection can't be made of a list", "POST", "", 400, "[]", NO_TYPE),
  request(
    "there are scaffolds of all types",
    "GET",
    "/meta/scaffolds?fields=auth.type,view.type",
    200,
    undefined,
    '{"auth":{"type":"auth"},"view":{"type":"view"}}',
  ),
  request("collections are imported together", "PUT", "/import", 204, {
    collections: [{ name: "one" }, { name: "two" }],
  }),
  request("imported collections are there", "GET", "/two/records", 200, undefined, '"totalItems":0'),
  request("an import is for lists", "PUT", "/import", 400, {}),
  request("a collection is deleted", "DELETE", "/memos", 204),
  request("a deleted collection is gone", "GET", "/memos/records", 404),
  request("a collection of the system stays", "DELETE", "/_superusers", 400),
]);

test("the files of a deleted collection go with it", async () => {
  const { url: address, admin: token, collection, dir, stop } = await startTestApp();
  const api = (method: string, path: string, body?: unknown): Promise<Response> =>
    play(address, { method, path: `/api/collections${path}`, token, body });
  await api("POST", "", { name: "docs", fields: [{ type: "file", name: "doc" }] });
  const folder = join(dir, "storage", collection("docs").id);
  const form = new FormData();
  form.append("doc", new File(["text"], "doc.txt"));
  expect((await api("POST", "/docs/records", form)).status).toBe(200);
  expect(existsSync(folder)).toBe(true);
  expect((await api("DELETE", "/docs")).status).toBe(204);
  // Nobody waits for the files to go, but the end of the server does.
  await stop();
  expect(existsSync(folder)).toBe(false);
});
