import type { Requester } from "../../fixture/fixture.ts";
import { family, flow, guest, manager, other, raw, type Step, superuser, user } from "../../lib/scenario.ts";

const PATH = "/api/realtime";
const connect: Step = { as: "guest", send: "GET /api/realtime", stream: { open: true } };
const events = (count: number): Step => ({ as: "guest", send: "events", stream: { events: count } });
const subscribe = (as: (send: string, body?: unknown) => Step, ...subscriptions: readonly unknown[]): Step =>
  as(`POST ${PATH}`, { clientId: "{{0.clientId}}", subscriptions });
const withOptions = (topic: string, options: unknown): string =>
  `${topic}?options=${encodeURIComponent(JSON.stringify(options))}`;

const TAGS = "/api/collections/tags/records";
const BODIES: readonly unknown[] = [
  {},
  { clientId: "" },
  { clientId: "unknown" },
  { clientId: "x".repeat(256) },
  { clientId: 5 },
  { clientId: null },
  { clientId: "unknown", subscriptions: null },
  { clientId: "unknown", subscriptions: "tags/*" },
  { clientId: "unknown", subscriptions: [5] },
  { clientId: "unknown", subscriptions: ["x".repeat(2501)] },
  { clientId: "unknown", subscriptions: Array.from({ length: 1001 }, () => "a") },
  { clientId: "unknown", subscriptions: Array.from({ length: 1000 }, () => "a") },
  { CLIENTID: "unknown" },
  { clientid: "unknown", Subscriptions: ["tags"] },
  [],
  null,
  "x",
];

/** Who subscribes to what, and what a change shows them. */
const seen = (
  name: string,
  as: (send: string, body?: unknown) => Step,
  topics: readonly string[],
  change: readonly Step[],
  count: number,
) => flow(name, connect, subscribe(as, ...topics), ...change, events(count));

const tag = (number: number, values: object = {}): Step =>
  superuser(`POST ${TAGS}?fields=id`, {
    id: `realtimetag${String(number).padStart(4, "0")}`,
    name: `realtime ${number}`,
    ...values,
  });

export const REALTIME = family("realtime", [
  ...BODIES.map((body) => guest(`POST ${PATH}`, body)),
  guest(`POST ${PATH}`),
  guest(`POST ${PATH}`, raw("{", "application/json")),
  guest(`POST ${PATH}`, raw("x", "text/plain")),
  guest(`POST ${PATH}`, raw("clientId=unknown&subscriptions=a", "application/x-www-form-urlencoded")),
  guest(`PUT ${PATH}`, {}),
  guest(`DELETE ${PATH}`),
  ...(["guest", "user", "superuser"] as const satisfies readonly Requester[]).map((as) =>
    flow(
      `${as} sets and empties subscriptions`,
      connect,
      subscribe({ guest, user, superuser }[as], "tags/*", "", "unknown/*", "tags", "@oauth2", "PB_CONNECT"),
      subscribe({ guest, user, superuser }[as]),
    ),
  ),
  flow(
    "odd lists of subscriptions",
    connect,
    guest(`POST ${PATH}`, { clientId: "{{0.clientId}}" }),
    guest(`POST ${PATH}`, { clientId: "{{0.clientId}}", subscriptions: null }),
    guest(`POST ${PATH}`, { clientId: "{{0.clientId}}", subscriptions: ["tags/*", "tags/*"] }),
    guest(`POST ${PATH}`, { clientId: "{{0.clientId}}", subscriptions: [null] }),
    guest(`POST ${PATH}`, { clientId: "{{0.clientId}}", subscriptions: {} }),
    guest(`POST ${PATH}`, raw("clientId={{0.clientId}}&subscriptions=tags/*", "application/x-www-form-urlencoded")),
  ),
  flow(
    "a guest becomes a user, and not another one",
    connect,
    subscribe(guest, "tags/*"),
    subscribe(user, "tags/*"),
    subscribe(other, "tags/*"),
    subscribe(guest, "tags/*"),
    subscribe(user, "tags"),
  ),
  seen("a create", guest, ["tags/*"], [tag(1)], 1),
  seen("an update", guest, ["tags/*"], [superuser(`PATCH ${TAGS}/realtimetag0001?fields=id`, { weight: 5 })], 1),
  seen("a delete", guest, ["tags/*"], [superuser(`DELETE ${TAGS}/realtimetag0001`)], 1),
  seen(
    "one record",
    guest,
    ["tags/realtimetag0002"],
    [tag(2), tag(3), superuser(`PATCH ${TAGS}/realtimetag0002?fields=id`, { weight: 1 })],
    2,
  ),
  seen("by the collection's id", guest, ["pbc_tags/*"], [tag(4)], 1),
  seen("in another case", guest, ["TAGS/*", "tags/*"], [tag(5)], 1),
  seen("without a star", guest, ["tags"], [tag(6)], 1),
  seen("several topics", guest, ["tags/*", "tags", "tags/realtimetag0007", "pbc_tags/*"], [tag(7)], 4),
  seen("fields", guest, [withOptions("tags/*", { query: { fields: "name" } })], [tag(8)], 1),
  seen(
    "a filter",
    guest,
    [withOptions("tags/*", { query: { filter: "weight > 5" } })],
    [tag(9), tag(10, { weight: 10 })],
    1,
  ),
  seen(
    "a filter that is not valid",
    guest,
    [withOptions("tags/*", { query: { filter: "unknown = 1" } }), "tags/*"],
    [tag(11)],
    1,
  ),
  seen(
    "an expand",
    guest,
    [withOptions("posts/*", { query: { expand: "author,tags", fields: "title,expand.author.name,expand.tags.name" } })],
    [
      superuser("POST /api/collections/posts/records?fields=id", {
        title: "expanded",
        author: "author000000001",
        tags: ["tag000000000001"],
      }),
    ],
    1,
  ),
  seen(
    "headers and query in rules",
    guest,
    [
      withOptions("by_query/*", { headers: { "X-Key": "open" } }),
      withOptions("by_query/*", { query: { key: "open" } }),
      "by_query/*",
      withOptions("by_query/*", { headers: { xKey: "open" } }),
    ],
    [superuser("POST /api/collections/by_query/records?fields=id", { title: "seen by key" })],
    3,
  ),
  seen(
    "broken options",
    guest,
    ["tags/*?options=nonsense", "tags/*?options=", "tags/*?other=1", "tags/*"],
    [tag(12)],
    4,
  ),
  ...(
    [
      ["guest", guest],
      ["user", user],
      ["other", other],
      ["manager", manager],
      ["superuser", superuser],
    ] as const
  ).map(([name, as], index) =>
    seen(
      `rules: ${name}`,
      as,
      ["owned/*", "for_members/*", "locked/*", "by_role/*", "tags/*"],
      [
        superuser("POST /api/collections/owned/records?fields=title", {
          title: `for ${name}`,
          owner: "user00000000001",
        }),
        superuser("POST /api/collections/for_members/records?fields=title", { title: `for ${name}` }),
        superuser("POST /api/collections/locked/records?fields=title", { title: `for ${name}` }),
        superuser("POST /api/collections/by_role/records?fields=title", { title: `for ${name}` }),
        tag(20 + index),
      ],
      { guest: 1, user: 3, other: 2, manager: 3, superuser: 5 }[name],
    ),
  ),
  seen(
    "emails of accounts",
    guest,
    ["clients/*"],
    [
      superuser("PATCH /api/collections/clients/records/client000000001?fields=id", { level: 5 }),
      superuser("PATCH /api/collections/clients/records/client000000002?fields=id", { level: 6 }),
    ],
    2,
  ),
  seen(
    "emails of accounts for a manager",
    manager,
    ["clients/*"],
    [superuser("PATCH /api/collections/clients/records/client000000002?fields=id", { level: 7 })],
    1,
  ),
  seen(
    "hidden fields",
    superuser,
    ["authors/*"],
    [superuser("PATCH /api/collections/authors/records/author000000001?fields=id", { notes: "changed" })],
    1,
  ),
  seen(
    "a cascade",
    guest,
    ["comments/*", "posts/*"],
    [superuser("DELETE /api/collections/posts/records/post00000000001")],
    4,
  ),
]);
