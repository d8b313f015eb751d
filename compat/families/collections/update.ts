import { family, flow, guest, records, type Step, superuser } from "../../lib/scenario.ts";
import type { Values } from "./made.ts";

const update = (collection: string, values: unknown, query = ""): Step =>
  superuser(`PATCH /api/collections/${collection}${query}`, values);

const POSTS_UPDATES: readonly unknown[] = [
  {},
  null,
  [],
  "text",
  { name: "" },
  { name: "tags" },
  { name: "TAGS" },
  { name: "with space" },
  { name: 5 },
  { type: "auth" },
  { type: "view" },
  { type: "base" },
  { system: true },
  { id: "other" },
  { id: "pbc_posts" },
  { created: "2020-01-01 00:00:00.000Z" },
  { listRule: "unknown = 1" },
  { listRule: null },
  { listRule: "title != ''" },
  { viewRule: "author.name != ''" },
  { createRule: "tags.name ?= 'red'" },
  { updateRule: "@request.body.title:changed = false" },
  { deleteRule: "comments_via_post.id = ''" },
  { LISTRULE: "" },
  { ListRule: "id != ''" },
  { fields: null },
  { fields: "x" },
  { fields: {} },
  { indexes: null },
  { indexes: ["bad"] },
  { indexes: ["CREATE INDEX idx_posts_title ON posts (title)"] },
  { indexes: ["CREATE UNIQUE INDEX idx_posts_published ON posts (published)"] },
  { indexes: [] },
  { unknown: 1 },
  { viewQuery: "SELECT 1" },
  { authRule: "" },
];

const FIELD_UPDATES: readonly (readonly [string, Values])[] = [
  ["a rename of a field", { fields: [{ id: "keep", name: "renamed", type: "text" }] }],
];

export const UPDATE = family("collections: update", [
  ...POSTS_UPDATES.map((values) => update("posts", values)),
  ...FIELD_UPDATES.map(([name, values]) =>
    flow(
      name,
      superuser("POST /api/collections?fields=name", {
        name: "evolving",
        fields: [
          { id: "keep", name: "original", type: "text" },
          { id: "gone", name: "removed", type: "number" },
        ],
      }),
      superuser(`POST ${records("evolving")}?fields=original,removed`, { original: "kept", removed: 5 }),
      update("evolving", values),
      superuser(`GET ${records("evolving", { fields: "renamed,original,removed" })}`),
    ),
  ),
  ...[
    { fields: [{ id: "keep", name: "renamed", type: "number" }] },
    { fields: [{ name: "id", type: "number" }] },
    { fields: [] },
    {
      fields: [
        { id: "keep", name: "renamed", type: "text" },
        { id: "keep", name: "again", type: "text" },
      ],
    },
    {
      fields: [
        { id: "keep", name: "renamed", type: "text" },
        { name: "renamed", type: "text" },
      ],
    },
    { fields: [{ name: "renamed", type: "text", max: 3 }] },
    { fields: [{ name: "renamed", type: "editor" }] },
    { name: "evolved" },
    { name: "evolving", listRule: "renamed != ''" },
  ].map((values) => update("evolving", values)),
  flow(
    "one value becomes many",
    superuser("POST /api/collections?fields=name", {
      name: "widening",
      fields: [{ id: "s", name: "s", type: "select", values: ["a", "b", "c"] }],
    }),
    superuser(`POST ${records("widening")}?fields=s`, { s: "a" }),
    superuser(`POST ${records("widening")}?fields=s`, { s: "" }),
    update(
      "widening",
      { fields: [{ id: "s", name: "s", type: "select", values: ["a", "b", "c"], maxSelect: 2 }] },
      "?fields=name",
    ),
    superuser(`GET ${records("widening", { fields: "s", sort: "s" })}`),
    update(
      "widening",
      { fields: [{ id: "s", name: "s", type: "select", values: ["a"], maxSelect: 1 }] },
      "?fields=name",
    ),
    superuser(`GET ${records("widening", { fields: "s", sort: "s" })}`),
  ),
  flow(
    "two fields swap names",
    superuser("POST /api/collections?fields=name", {
      name: "swapping",
      fields: [
        { id: "one", name: "one", type: "text" },
        { id: "two", name: "two", type: "text" },
      ],
    }),
    superuser(`POST ${records("swapping")}?fields=one,two`, { one: "1", two: "2" }),
    update(
      "swapping",
      {
        fields: [
          { id: "one", name: "two", type: "text" },
          { id: "two", name: "one", type: "text" },
        ],
      },
      "?fields=fields.name",
    ),
    superuser(`GET ${records("swapping", { fields: "one,two" })}`),
  ),
  flow(
    "a collection gets another name",
    update("tags", { name: "labels" }, "?fields=name,indexes"),
    guest(`GET ${records("tags")}`),
    guest(`GET ${records("labels", { fields: "name", sort: "name" })}`),
    guest(`GET ${records("posts", { fields: "id,expand.tags.name", expand: "tags", sort: "id", perPage: 1 })}`),
  ),
  ...[
    { viewQuery: "SELECT id FROM authors" },
    { viewQuery: "nonsense" },
    { viewQuery: "" },
    { createRule: "" },
    { listRule: "posts > 1" },
    { listRule: "name != ''" },
    { type: "base" },
    { fields: [] },
  ].map((values) => update("stats", values)),
  ...[
    { authRule: null },
    { authRule: "unknown = 1" },
    { manageRule: "" },
    { manageRule: null },
    { passwordAuth: { enabled: false } },
    { passwordAuth: { identityFields: ["level"] } },
    { passwordAuth: { identityFields: ["username"] } },
    { otp: { length: 3 } },
    { otp: { length: 5 } },
    { mfa: { enabled: true } },
    { authToken: { duration: 1000 } },
    { authToken: { secret: "x" } },
    { oauth2: { enabled: true } },
    { indexes: [] },
    { fields: [{ name: "email", type: "text" }] },
    { fields: [{ name: "username", type: "text" }] },
  ].map((values) => update("clients", values)),
  ...[
    { name: "x" },
    { system: false },
    { listRule: "" },
    { authRule: null },
    { authRule: "id != ''" },
    { manageRule: "id != ''" },
    { fields: [] },
    { oauth2: { enabled: true, providers: [{ name: "github", clientId: "a", clientSecret: "b" }] } },
    { passwordAuth: { enabled: false } },
    { otp: { enabled: true } },
    { authToken: { duration: 2000 } },
  ].map((values) => update("_superusers", values)),
  ...[{ listRule: "" }, { name: "x" }, { fields: [] }, { indexes: [] }].map((values) => update("_otps", values)),
  update("social", { oauth2: { providers: [{ name: "github", clientId: "new-id" }] } }),
  update("social", { oauth2: { mappedFields: { username: "name" } } }),
  ...["unknown", "POSTS", "pbc_posts", "PBC_POSTS"].map((name) => update(name, {}, "?fields=name")),
]);
