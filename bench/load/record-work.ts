import { Database } from "bun:sqlite";
import { join } from "node:path";
import { type ApiModel, SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import type { ServerProcess } from "@headwater/testing/servers/server-process.ts";
import { addAccounts } from "./accounts.ts";

/** What requests of the record bench need of a server whose collections are filled. */
export interface RecordFixture {
  readonly rows: number;
  readonly superuser: string;
  readonly user: string;
  /** The ids of the users. */
  readonly users: readonly string[];
}

export interface RecordRequest {
  readonly method: string;
  readonly path: string;
  readonly token?: string;
  readonly body?: object;
}

/** A kind of request. `number` counts the requests of its kind. */
export interface RecordWork {
  readonly key: string;
  readonly name: string;
  readonly request: (number: number, fixture: RecordFixture) => RecordRequest;
}

const USERS = 200;
const ROOMS = 100;
const TAGS = 50;
/** Its rule takes PocketBase so long that 64 requests for more at a time would exceed its time limit. */
const PLANS = 1_000;

const path = (collection: string): string => `/api/collections/${collection}/records`;
const get = (at: string): RecordRequest => ({ method: "GET", path: at });
const query = (parameters: Readonly<Record<string, string>>): string =>
  `?${new URLSearchParams(parameters).toString()}`;
const idOf = (prefix: string, number: number): string => prefix + String(number).padStart(15 - prefix.length, "0");
/** Numbers that follow each other lead to records that don't. */
const scattered = (number: number, count: number): number => (number * 7919) % count;
const page = (number: number): string => String(1 + (number % 20));

const message = (collection: string, number: number, room: number, { user }: RecordFixture): RecordRequest => ({
  method: "POST",
  path: path(collection),
  token: user,
  body: { text: `message ${number}`, room: idOf("room", room) },
});

export const RECORD_WORK: readonly RecordWork[] = [
  {
    key: "create_rule",
    name: "create under a rule over @collection",
    // Without `?`, all memberships must match: there is one.
    request: (n, fixture) => message("messages", n, 0, fixture),
  },
  {
    key: "create_any",
    name: `create under the same rule with ?=, ${ROOMS} rooms`,
    request: (n, fixture) => message("posts", n, n % ROOMS, fixture),
  },
  {
    key: "create_relations",
    name: "create with 5 relations, superuser",
    request: (n, { superuser, users }) => ({
      method: "POST",
      path: path("tickets"),
      token: superuser,
      body: {
        title: `ticket ${n}`,
        room: idOf("room", n % ROOMS),
        author: users[n % USERS],
        reviewer: users[(n + 1) % USERS],
        tag: idOf("tag", n % TAGS),
        note: idOf("note", 0),
      },
    }),
  },
  {
    key: "view",
    name: "getOne, public",
    request: (n, { rows }) => get(`${path("notes")}/${idOf("note", scattered(n, rows))}`),
  },
  {
    key: "update",
    name: "update one field",
    request: (n, { rows }) => ({
      method: "PATCH",
      path: `${path("notes")}/${idOf("note", scattered(n, rows))}`,
      body: { count: n },
    }),
  },
  {
    key: "sorted",
    name: "list 20, sort=-created, no total",
    request: (n) => get(path("notes") + query({ perPage: "20", sort: "-created", skipTotal: "1", page: page(n) })),
  },
  {
    key: "total",
    name: "list 20, total",
    request: (n) => get(path("notes") + query({ perPage: "20", page: page(n) })),
  },
  {
    key: "filter",
    name: "list 20, filter without index",
    request: (n) => get(path("notes") + query({ perPage: "20", filter: `count > ${n % 100} && done = true` })),
  },
  {
    key: "like",
    name: "list 20, filter ~",
    request: (n) => get(path("notes") + query({ perPage: "20", filter: `title ~ "day ${n % 10}"` })),
  },
  {
    key: "expand",
    name: "list 20, expand two relations",
    request: (n) => get(path("notes") + query({ perPage: "20", skipTotal: "1", expand: "room,tag", page: page(n) })),
  },
  {
    key: "match",
    name: "list 20, multi-match rule, no total",
    request: (n) => get(path("plans") + query({ perPage: "20", skipTotal: "1", page: String(1 + (n % 3)) })),
  },
  {
    key: "match_total",
    name: "list 20, multi-match rule, total",
    request: (n) => get(path("plans") + query({ perPage: "20", page: String(1 + (n % 3)) })),
  },
];

/** Creates the collections and fills them. Over the API, many records would take too long. */
export async function addRecordWork({ url, dir }: ServerProcess, rows: number): Promise<RecordFixture> {
  const admin = await SuperuserClient.signIn(url);
  const accounts = await addAccounts(admin, dir, USERS);
  const users = await admin.request<ApiModel>("GET", "/api/collections/users");
  const create = async (name: string, fields: readonly object[], rules: object = {}): Promise<string> =>
    (await admin.createCollection({ name, type: "base", fields, ...rules })).id;
  const text = (name: string): object => ({ name, type: "text" });
  const one = (name: string, collectionId: string): object => ({ name, type: "relation", collectionId, maxSelect: 1 });
  const created = { name: "created", type: "autodate", onCreate: true };
  const anyone = { listRule: "", viewRule: "" };
  const room = await create("rooms", [text("name")], anyone);
  const tag = await create("tags", [text("name"), { name: "active", type: "bool" }], anyone);
  for (const name of ["room_members", "all_members"])
    await create(name, [one("room", room), one("user", users.body.id)]);
  const note = await create(
    "notes",
    [
      text("title"),
      { name: "count", type: "number" },
      { name: "done", type: "bool" },
      one("room", room),
      one("tag", tag),
      created,
    ],
    { ...anyone, updateRule: "" },
  );
  await create("messages", [text("text"), one("room", room), created], {
    createRule: "room = @collection.room_members.room && @request.auth.id = @collection.room_members.user",
  });
  await create("posts", [text("text"), one("room", room), created], {
    createRule: "room ?= @collection.all_members.room && @request.auth.id ?= @collection.all_members.user",
  });
  await create("tickets", [
    text("title"),
    one("room", room),
    one("author", users.body.id),
    one("reviewer", users.body.id),
    one("tag", tag),
    one("note", note),
    created,
  ]);
  await create("plans", [text("title"), { name: "tags", type: "relation", collectionId: tag, maxSelect: 5 }], {
    listRule: "tags.active = true",
  });
  fill(dir, rows, accounts[0]!.id);
  return { rows, superuser: admin.token, user: accounts[0]!.token, users: accounts.map(({ id }) => id) };
}

/** A table with the numbers below the first bound value. */
const NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)";

function fill(dir: string, rows: number, member: string): void {
  using database = new Database(join(dir, "data.db"));
  database.run("PRAGMA busy_timeout = 10000");
  const add = (into: string, select: string, count: number, ...values: string[]): unknown =>
    database.run(`INSERT INTO ${into} ${NUMBERS} SELECT ${select} FROM n`, [count, ...values]);
  add("rooms (id, name)", "printf('room%011d', i), 'room ' || i", ROOMS);
  // One in ten has a tag that is not active.
  add("tags (id, name, active)", "printf('tag%012d', i), 'tag ' || i, i % 10 <> 0", TAGS);
  for (const [name, count] of [
    ["room_members", 1],
    ["all_members", ROOMS],
  ] as const) {
    add(`${name} (id, room, user)`, "printf('mine%011d', i), printf('room%011d', i), ?", count, member);
  }
  add(
    "notes (id, title, count, done, room, tag, created)",
    `printf('note%011d', i), 'what happened on day ' || i, i, i % 2, printf('room%011d', i % ${ROOMS}),
     printf('tag%012d', i % ${TAGS}), strftime('%Y-%m-%d %H:%M:%S.000Z', 1.7e9 + (i * 7919) % 1000003, 'unixepoch')`,
    rows,
  );
  add(
    "plans (id, title, tags)",
    `printf('plan%011d', i), 'plan ' || i, json_array(printf('tag%012d', i % ${TAGS}), printf('tag%012d', (i + 1) % ${TAGS}),
     printf('tag%012d', (i + 2) % ${TAGS}))`,
    PLANS,
  );
}
