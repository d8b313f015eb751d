import { family, flow, form, guest, raw, records, type Step, superuser, upload, user } from "../../lib/scenario.ts";

const PATH = "/api/batch";
const TAGS = "/api/collections/tags/records";
const enable = (options: Readonly<Record<string, unknown>> = {}): Step =>
  superuser("PATCH /api/settings?fields=batch", { batch: { enabled: true, maxRequests: 5, timeout: 5, ...options } });

const one = (method: string, url: string, body?: unknown, headers?: unknown): unknown => ({
  method,
  url,
  ...(body !== undefined && { body }),
  ...(headers !== undefined && { headers }),
});
const batch = (as: typeof guest, ...requests: readonly unknown[]): Step => as(`POST ${PATH}`, { requests });
const payload = (requests: readonly unknown[]): readonly [string, string] => [
  "@jsonPayload",
  JSON.stringify({ requests }),
];

const SINGLE: readonly unknown[] = [
  one("POST", TAGS, { name: "made" }),
  one("post", TAGS, { name: "lower" }),
  one("Post", TAGS, { name: "mixed" }),
  one("POST", `${TAGS}/`, { name: "x" }),
  one("POST", "/api/collections/TAGS/records", { name: "upper" }),
  one("POST", "/api/collections/pbc_tags/records", { name: "by id" }),
  one("POST", `${TAGS}?fields=name`, { name: "picked" }),
  one("POST", `${TAGS}?fields=name&expand=x`, { name: "picked2" }),
  one("POST", TAGS, { name: "" }),
  one("POST", TAGS),
  one("POST", TAGS, null),
  one("POST", TAGS, "text"),
  one("POST", TAGS, [1]),
  one("POST", TAGS, { name: "red" }),
  one("POST", "/api/collections/unknown/records", {}),
  one("POST", "/api/collections/stats/records", {}),
  one("POST", "/api/collections/locked/records", {}),
  one("POST", "/api/collections/for_members/records", {}),
  one("PATCH", `${TAGS}/tag000000000001`, { weight: 5 }),
  one("PATCH", `${TAGS}/tag000000000001`, { "weight+": 2 }),
  one("PATCH", `${TAGS}/unknown00000000`, {}),
  one("PATCH", TAGS, {}),
  one("PATCH", `${TAGS}/tag000000000001`, { name: "" }),
  one("PATCH", `${TAGS}/tag000000000001?fields=weight`, { weight: 6 }),
  one("PUT", TAGS, { id: "tag000000000002", weight: 7 }),
  one("PUT", TAGS, { id: "puttag000000001", name: "put" }),
  one("PUT", TAGS, { name: "put without id" }),
  one("PUT", TAGS, { id: "", name: "put empty id" }),
  one("PUT", TAGS, { id: 5, name: "put number id" }),
  one("PUT", `${TAGS}/tag000000000002`, { weight: 8 }),
  one("DELETE", `${TAGS}/tag000000000004`),
  one("DELETE", `${TAGS}/tag000000000004`, {}),
  one("DELETE", `${TAGS}/unknown00000000`),
  one("DELETE", TAGS),
  one("DELETE", `${TAGS}/tag000000000001`),
  one("GET", TAGS),
  one("GET", `${TAGS}/tag000000000001`),
  one("HEAD", TAGS),
  one("OPTIONS", TAGS),
  one("", TAGS),
  one("POST", ""),
  one("POST", "/api/health"),
  one("POST", "/api/collections"),
  one("POST", "/api/batch", {}),
  one("POST", "/api/collections/users/auth-with-password", {}),
  one("POST", `http://127.0.0.1${TAGS}`, {}),
  one("POST", TAGS.slice(1), {}),
  one("POST", "x".repeat(2001)),
  one("POST", `${TAGS}%20`, {}),
  one("POST", `/a${TAGS}`, {}),
  {},
  null,
  "x",
  [],
  { url: TAGS },
  { method: "POST" },
  { method: 5, url: TAGS },
  { method: "POST", url: 5 },
  { METHOD: "POST", URL: TAGS, Body: { name: "cased" } },
  one("POST", TAGS, { name: "headers" }, { "X-A": "b" }),
  one("POST", TAGS, { name: "headers2" }, { "X-A": 5 }),
  one("POST", TAGS, { name: "headers3" }, "x"),
  one("POST", TAGS, { name: "headers4" }, null),
];

const BODIES: readonly unknown[] = [
  {},
  { requests: [] },
  { requests: null },
  { requests: {} },
  { requests: "x" },
  [],
  null,
  "x",
  { Requests: [one("POST", TAGS, { name: "cased requests" })] },
  { requests: Array.from({ length: 6 }, (_, i) => one("POST", TAGS, { name: `many ${i}` })) },
];

export const BATCH = family("batch", [
  batch(guest, one("POST", TAGS, { name: "disabled" })),
  batch(superuser, one("POST", TAGS, { name: "disabled" })),
  enable(),
  ...SINGLE.map((request) => batch(guest, request)),
  ...[user, superuser].flatMap((as) => [
    batch(as, one("POST", "/api/collections/for_members/records", { title: "by batch" })),
    batch(as, one("POST", "/api/collections/locked/records", { title: "by batch" })),
    batch(
      as,
      one("POST", "/api/collections/owned/records?fields=title,owner", { title: "mine", owner: "user00000000001" }),
    ),
    batch(as, one("PATCH", "/api/collections/owned/records/owned0000000002", { title: "not mine" })),
  ]),
  ...BODIES.map((body) => guest(`POST ${PATH}`, body)),
  guest(`GET ${PATH}`),
  guest(`PUT ${PATH}`, {}),
  guest(`POST ${PATH}`),
  guest(`POST ${PATH}/`, {}),
  guest(`POST ${PATH}`, raw("{", "application/json")),
  guest(`POST ${PATH}`, raw("x", "text/plain")),
  flow(
    "several requests",
    batch(
      guest,
      one("POST", TAGS, { id: "batch0000000001", name: "batch one" }),
      one("PATCH", `${TAGS}/batch0000000001`, { weight: 3 }),
      one("DELETE", `${TAGS}/batch0000000001`),
    ),
    guest(`GET ${TAGS}/batch0000000001`),
  ),
  flow(
    "a failure undoes all",
    batch(
      guest,
      one("POST", TAGS, { id: "batch0000000002", name: "batch two" }),
      one("POST", TAGS, { name: "red" }),
      one("POST", TAGS, { name: "never" }),
    ),
    guest(`GET ${TAGS}/batch0000000002`),
  ),
  flow(
    "a later request sees the earlier",
    batch(
      guest,
      one("POST", TAGS, { id: "batch0000000003", name: "batch three" }),
      one("POST", "/api/collections/reviews/records", { id: "batchreview0001", text: "x", tag: "batch0000000003" }),
    ),
    guest("GET /api/collections/reviews/records/batchreview0001?expand=tag&fields=expand.tag.name"),
  ),
  flow(
    "a record that another needs",
    batch(
      guest,
      one("DELETE", "/api/collections/reviews/records/batchreview0001"),
      one("DELETE", `${TAGS}/batch0000000003`),
    ),
    guest(`GET ${TAGS}/batch0000000003`),
  ),
  flow(
    "a missing record in the middle",
    batch(
      guest,
      one("POST", TAGS, { name: "before" }),
      one("PATCH", `${TAGS}/unknown00000000`, {}),
      one("POST", TAGS, { name: "after" }),
    ),
  ),
  flow(
    "rules by method and context",
    batch(guest, one("POST", records("by_method"), { title: "in a batch" })),
    guest(`POST ${records("by_method")}`, { title: "not in a batch" }),
  ),
  flow(
    "rules by headers of the request",
    batch(guest, one("POST", `${records("by_query")}?fields=title`, { title: "x" }, { "X-Key": "open" })),
    batch(guest, one("POST", `${records("by_query")}?key=open&fields=title`, { title: "y" })),
    batch(guest, one("POST", records("by_query"), { title: "z" })),
  ),
  flow(
    "headers of the outer request",
    guest(
      `POST ${PATH}`,
      { requests: [one("POST", `${records("by_query")}?fields=title`, { title: "outer" })] },
      { "X-Key": "open" },
    ),
    guest(`POST ${PATH}?key=open`, { requests: [one("POST", records("by_query"), { title: "outer query" })] }),
  ),
  flow(
    "a token inside a batch",
    batch(guest, one("POST", records("for_members"), { title: "x" }, { Authorization: "{{user.token}}" })),
  ),
  guest(
    `POST ${PATH}`,
    form(payload([one("POST", "/api/collections/kinds/records?fields=text,file", { text: "with a file" })]), [
      "requests.0.file",
      upload("batched.txt"),
    ]),
  ),
  guest(
    `POST ${PATH}`,
    form(
      payload([one("POST", "/api/collections/kinds/records?fields=text,files", { text: "brackets" })]),
      ["requests[0].files", upload("first.txt")],
      ["requests[0].files", upload("second.txt")],
    ),
  ),
  guest(
    `POST ${PATH}`,
    form(payload([one("PATCH", "/api/collections/kinds/records/kind00000000001?fields=files", {})]), [
      "requests.0.files+",
      upload("appended.txt"),
    ]),
  ),
  guest(
    `POST ${PATH}`,
    form(
      payload([
        one("POST", "/api/collections/kinds/records?fields=text", { text: "no file" }),
        one("POST", "/api/collections/kinds/records?fields=file", {}),
      ]),
      ["requests.1.file", upload("later.txt")],
    ),
  ),
  guest(
    `POST ${PATH}`,
    form(payload([one("POST", "/api/collections/kinds/records?fields=text", { text: "out of range" })]), [
      "requests.5.file",
      upload("nowhere.txt"),
    ]),
  ),
  guest(
    `POST ${PATH}`,
    form(
      payload([one("POST", "/api/collections/kinds/records?fields=text", { text: "odd names" })]),
      ["requests.x.file", upload("odd.txt")],
      ["file", upload("plain.txt")],
      ["requests.0", upload("short.txt")],
    ),
  ),
  guest(
    `POST ${PATH}`,
    form(
      payload([one("POST", "/api/collections/strict/records", { tags_min: ["tag000000000001", "tag000000000002"] })]),
      ["requests.0.file_png", upload("not.png", "text")],
    ),
  ),
  guest(`POST ${PATH}`, form(["@jsonPayload", "{broken"])),
  guest(`POST ${PATH}`, form(["requests", "[]"])),
  flow(
    "a batch after it is limited to two",
    enable({ maxRequests: 2 }),
    batch(
      guest,
      one("POST", TAGS, { name: "l1" }),
      one("POST", TAGS, { name: "l2" }),
      one("POST", TAGS, { name: "l3" }),
    ),
    batch(guest, one("POST", TAGS, { name: "l1" }), one("POST", TAGS, { name: "l2" })),
  ),
  flow(
    "a body over the limit",
    enable({ maxBodySize: 100 }),
    batch(guest, one("POST", TAGS, { name: "x".repeat(200) })),
  ),
]);
