import { errorText, testScenarios } from "../testing/scenario.ts";
import { startTestApp } from "../testing/test-app.ts";

const { url, admin, add, define } = await startTestApp();
await define({
  name: "posts",
  listRule: "",
  viewRule: "",
  createRule: "",
  updateRule: "",
  fields: [
    { type: "text", name: "title" },
    { type: "number", name: "views" },
  ],
});
await define({ name: "titles", type: "view", viewQuery: "select id, title from posts", listRule: "" });
const { id } = await add("posts", { title: "first", views: 3 });

const POSTS = "/api/collections/posts/records";
const WRONG = errorText(400, "Something went wrong while processing your request.");
const NOT_FOUND = errorText(404, "The requested resource wasn't found.");
const NO_LIST = errorText(404, "Missing collection context.");
const NO_COLLECTION = errorText(404, "Missing or invalid collection context.");
const READ_ONLY = errorText(400, "Unsupported collection type.");
const ADMINS_ONLY = errorText(403, "Only superusers can perform this action.");

testScenarios(url, [
  {
    name: "an unknown collection has no list",
    path: "/api/collections/nope/records",
    status: 404,
    contains: [NO_LIST],
  },
  {
    name: "an unknown collection accepts no record, valid or not",
    method: "POST",
    path: "/api/collections/nope/records",
    body: "{",
    status: 404,
    contains: [NO_COLLECTION],
  },
  {
    name: "a view accepts no record, valid or not",
    method: "POST",
    path: "/api/collections/titles/records",
    body: "{",
    status: 400,
    contains: [READ_ONLY],
  },
  { name: "collection names match in any case", path: "/api/collections/POSTS/records", status: 200 },
  { name: "a page must be a number", path: `${POSTS}?page=x`, status: 400, contains: [WRONG] },
  { name: "a filter must be valid", path: `${POSTS}?filter=title=`, status: 400, contains: [WRONG] },
  {
    name: "a list is returned in pages",
    path: `${POSTS}?fields=title`,
    status: 200,
    contains: ['{"items":[{"title":"first"}],"page":1,"perPage":30,"totalItems":1,"totalPages":1}'],
  },
  { name: "an unknown record is not found", path: `${POSTS}/nope`, status: 404, contains: [NOT_FOUND] },
  {
    name: "an unknown record can't be changed",
    method: "PATCH",
    path: `${POSTS}/nope`,
    body: {},
    status: 404,
    contains: [NOT_FOUND],
  },
  {
    name: "a record can be changed",
    method: "PATCH",
    path: `${POSTS}/${id}?fields=id,views`,
    body: { "views+": 4 },
    status: 200,
    contains: [`{"id":"${id}","views":7}`],
  },
  {
    name: "a record can't be deleted without permission",
    method: "DELETE",
    path: `${POSTS}/${id}`,
    status: 403,
    contains: [ADMINS_ONLY],
  },
  { name: "a record can be deleted", method: "DELETE", path: `${POSTS}/${id}`, token: admin, status: 204 },
  { name: "a record can be deleted only once", method: "DELETE", path: `${POSTS}/${id}`, token: admin, status: 404 },
]);
