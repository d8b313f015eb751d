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
  request("collections are created", "POST", "?fields=name,type", 200, NOTES, '{"name":"notes","type":"base"}'),
  request("a new collection can be used at once", "GET", "/NOTES/records", 200, undefined, '"totalItems":0'),
  request(
    "a collection can't be created twice",
    "POST",
    "",
    400,
    NOTES,
    "Failed to create",
    "validation_collection_name_exists",
  ),
  request("a collection can be read", "GET", "/notes?fields=name", 200, undefined, '{"name":"notes"}'),
  request(
    "collections can be filtered",
    "GET",
    "?filter=name='notes'&fields=name",
    200,
    undefined,
    '[{"name":"notes"}]',
  ),
  request("collections can't be filtered by their fields", "GET", "?filter=fields='a'", 400, undefined, WRONG),
  request(
    "collections can be sorted and paged",
    "GET",
    "?sort=-name&perPage=1&page=2&skipTotal=1&fields=name",
    200,
    undefined,
    SECOND,
  ),
  request(
    "a collection can be renamed",
    "PATCH",
    "/notes?fields=name,listRule",
    200,
    { name: "memos" },
    '{"listRule":"","name":"memos"}',
  ),
  request("a renamed collection no longer has its old name", "GET", "/notes", 404),
  request("a renamed collection has its new name", "GET", "/memos/records", 200),
  request("a change of a collection must be JSON", "PATCH", "/memos", 400, "{", UNREADABLE),
  request("null empties the name of a collection", "PATCH", "/memos", 400, "null", "Cannot be blank."),
  request("an id that no collection has is not found", "PATCH", "/memos", 404, { id: "nope" }),
  request("another collection's id is refused", "PATCH", "/memos", 400, { id: "users" }, "validation_values_mismatch"),
  request("two spellings of a name are refused", "POST", "", 400, { name: "a", Name: "b" }, NO_TYPE),
  request("a name is found in any case", "POST", "?fields=name", 200, { NAME: "upper" }, '{"name":"upper"}'),
  request("a new collection must not be a list", "POST", "", 400, "[]", NO_TYPE),
  request(
    "there is a scaffold for each type",
    "GET",
    "/meta/scaffolds?fields=auth.type,view.type",
    200,
    undefined,
    '{"auth":{"type":"auth"},"view":{"type":"view"}}',
  ),
  request("collections can be imported together", "PUT", "/import", 204, {
    collections: [{ name: "one" }, { name: "two" }],
  }),
  request("imported collections exist", "GET", "/two/records", 200, undefined, '"totalItems":0'),
  request("an import must be a list", "PUT", "/import", 400, {}),
  request("a collection can be deleted", "DELETE", "/memos", 204),
  request("a deleted collection does not exist", "GET", "/memos/records", 404),
  request("a system collection can't be deleted", "DELETE", "/_superusers", 400),
]);

test("deleting a collection deletes its files", async () => {
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
  // The response does not wait for the files to be deleted, but stopping the server does.
  await stop();
  expect(existsSync(folder)).toBe(false);
});
