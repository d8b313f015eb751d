import { RULE_COLLECTIONS } from "../../fixture/records.ts";
import { client, family, flow, guest, manager, other, records, superuser, user } from "../../lib/scenario.ts";

const SENDERS = [guest, user, other, client, manager, superuser];

const idOf = (collection: string, number: number): string => {
  const prefix = collection.slice(0, 10).replace("_", "");
  return prefix + String(number).padStart(15 - prefix.length, "0");
};
const record = (collection: string, number: number, query = ""): string =>
  `${records(collection)}/${idOf(collection, number)}${query}`;

/** Each rule, by each verb and each requester. */
const every = (collection: string) => [
  ...SENDERS.flatMap((as) => [
    as(`GET ${records(collection, { fields: "title,count,owner", sort: "title,count,owner" })}`),
    as(`GET ${record(collection, 1)}`),
    as(`GET ${record(collection, 3)}`),
    as(`POST ${records(collection)}?fields=title,count,owner`, { title: "new", count: 2, owner: "user00000000001" }),
    as(`POST ${records(collection)}?fields=title,count,owner`, { count: 0 }),
    as(`PATCH ${record(collection, 1, "?fields=title,count,owner")}`, { count: 7 }),
    as(`PATCH ${record(collection, 2, "?fields=title,count,owner")}`, { title: "changed" }),
    as(`PATCH ${record(collection, 1, "?fields=title,count,owner")}`, { owner: "user00000000002" }),
    as(`PATCH ${record(collection, 1, "?fields=title,count,owner")}`, { owner: "user00000000001" }),
  ]),
  ...SENDERS.toReversed().map((as, index) => as(`DELETE ${record(collection, 1 + (index % 3))}`)),
];

export const RULES_BY_VERB = family("rules by verb and requester", RULE_COLLECTIONS.flatMap(every));

const KEYS = [
  ["?key=open"],
  ["?key=shut"],
  ["?key=shut&key=open"],
  ["?KEY=open"],
  ["", { "X-Key": "open" }],
  ["", { "x-key": "open" }],
  ["", { "X-KEY": "shut" }],
  ["", { X_Key: "open" }],
  ["", { "x.key": "open" }],
] as const;

export const RULES_ON_REQUESTS = family("rules on the request", [
  ...KEYS.flatMap(([query, headers]) => [
    guest(`GET ${records("by_query")}${query}`, undefined, headers),
    guest(`GET ${record("by_query", 1)}${query}`, undefined, headers),
    guest(`POST ${records("by_query")}${query}`, { id: `q${KEYS.length}`.padEnd(14, "0") }, headers),
    guest(`PATCH ${record("by_query", 2)}${query}`, { title: "x" }, headers),
  ]),
  ...[
    {},
    { title: "a" },
    { title: "a", count: 2 },
    { title: "", count: 2 },
    { title: null, count: 5 },
    { title: "a", count: "3" },
    { title: "a", count: "x" },
    { count: 3 },
    { "title:autogenerate": "x", count: 3 },
    { title: "a", "count+": 3 },
    { Title: "a", count: 2 },
  ].map((body) => guest(`POST ${records("by_body")}?fields=title,count`, body)),
  ...[
    {},
    { count: 1 },
    { title: "by_body 1", count: 1 },
    { title: "other", count: 1 },
    { "count+": 1 },
    { title: null, count: 1 },
    { count: null },
  ].map((body) => guest(`PATCH ${record("by_body", 1, "?fields=title,count")}`, body)),
  ...[
    { author: "author000000001" },
    { author: "author000000002" },
    { author: "nobody" },
    { author: "" },
    {},
    { author: ["author000000001"] },
    { author: ["author000000002", "author000000001"] },
  ].map((body) => guest(`POST ${records("by_author")}?fields=author`, body)),
  flow(
    "a rule on the stored value",
    guest(`DELETE ${record("by_body", 3)}`),
    guest(`DELETE ${record("by_body", 2)}`),
    guest(`DELETE ${record("by_body", 1)}`),
  ),
]);

const USERS = records("users");
const CLIENTS = records("clients");
const PASSWORDS = { password: "1234567890", passwordConfirm: "1234567890" };

/** Writes to auth collections, where emails, passwords and `verified` have rules of their own. */
export const ACCOUNTS = family("accounts", [
  ...[
    {},
    { email: "new1@example.com" },
    { email: "new2@example.com", password: "1234567890" },
    { email: "new3@example.com", ...PASSWORDS },
    { email: "new4@example.com", password: "1234567890", passwordConfirm: "other" },
    { email: "new5@example.com", password: "short", passwordConfirm: "short" },
    { email: "ursula@example.com", ...PASSWORDS },
    { email: "URSULA@example.com", ...PASSWORDS },
    { email: "bad", ...PASSWORDS },
    { email: "", ...PASSWORDS },
    { ...PASSWORDS },
    { email: "new6@example.com", ...PASSWORDS, verified: true },
    { email: "new7@example.com", ...PASSWORDS, emailVisibility: true },
    { email: "new8@example.com", ...PASSWORDS, tokenKey: "x".repeat(40) },
    { email: "new9@example.com", ...PASSWORDS, name: "x".repeat(256) },
    { email: "new10@example.com", ...PASSWORDS, id: "newaccount00010" },
    { email: "new11@example.com", password: "x".repeat(72), passwordConfirm: "x".repeat(72) },
    { email: "new12@example.com", password: "é".repeat(36), passwordConfirm: "é".repeat(36) },
    { email: "new13@example.com", password: "é".repeat(37), passwordConfirm: "é".repeat(37) },
    { email: "new14@example.com", password: 1234567890, passwordConfirm: 1234567890 },
  ].flatMap((body) => [guest(`POST ${USERS}`, body), superuser(`POST ${USERS}`, body)]),
  ...[
    { name: "Renamed" },
    { email: "changed@example.com" },
    { verified: false },
    { emailVisibility: false },
    { password: "1234567890" },
    { ...PASSWORDS },
    { ...PASSWORDS, oldPassword: "wrong" },
    { password: "a", passwordConfirm: "b", oldPassword: "1234567890" },
    { tokenKey: "y".repeat(40) },
    { tokenKey: "" },
    { username: "x" },
    { id: "user00000000009" },
    { oldPassword: "1234567890" },
    { passwordConfirm: "x" },
    { password: "" },
    { password: null },
  ].flatMap((body) => [
    guest(`PATCH ${USERS}/user00000000001`, body),
    user(`PATCH ${USERS}/user00000000001`, body),
    other(`PATCH ${USERS}/user00000000001`, body),
  ]),
  ...[
    { email: "root-changed@example.com" },
    { verified: true },
    { tokenKey: "short" },
    { tokenKey: "z".repeat(61) },
    { tokenKey: "z".repeat(40) },
    { password: "x", passwordConfirm: "x" },
    { email: "otto@example.com" },
    { email: "" },
  ].map((body) => superuser(`PATCH ${USERS}/user00000000003`, body)),
  ...[
    { username: "New", email: "c1@example.com", ...PASSWORDS },
    { username: "clara", email: "c2@example.com", ...PASSWORDS },
    { email: "c3@example.com", ...PASSWORDS },
    { username: "n4", email: "c4@example.com", ...PASSWORDS, verified: true, level: 4 },
  ].flatMap((body) => [
    guest(`POST ${CLIENTS}`, body),
    manager(`POST ${CLIENTS}`, body),
    superuser(`POST ${CLIENTS}`, body),
  ]),
  ...[
    { email: "managed@example.com" },
    { verified: true },
    { ...PASSWORDS },
    { password: "short", passwordConfirm: "short" },
    { level: 9 },
    { tokenKey: "w".repeat(40) },
  ].flatMap((body) => [
    manager(`PATCH ${CLIENTS}/client000000002`, body),
    client(`PATCH ${CLIENTS}/client000000002`, body),
    superuser(`PATCH ${CLIENTS}/client000000002`, body),
  ]),
  ...[
    { email: "second@example.com", ...PASSWORDS },
    { email: "root@example.com", ...PASSWORDS },
    { ...PASSWORDS },
    { email: "third@example.com" },
  ].flatMap((body) => [
    guest(`POST ${records("_superusers")}`, body),
    user(`POST ${records("_superusers")}`, body),
    superuser(`POST ${records("_superusers")}`, body),
  ]),
  superuser(`PATCH ${records("_superusers")}/root00000000001`, { verified: false }),
  flow(
    "a new password ends old tokens",
    user(`PATCH ${USERS}/user00000000001`, { ...PASSWORDS, oldPassword: "1234567890" }),
    user(`GET ${USERS}/user00000000001`),
    user("POST /api/collections/users/auth-refresh"),
  ),
]);
