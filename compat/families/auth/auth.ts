import { client, family, flow, guest, manager, other, raw, type Step, superuser, user } from "../../lib/scenario.ts";

const COLLECTIONS = ["users", "clients", "managers", "nologin", "careful", "social", "_superusers"];
const PASSWORD = "1234567890";

const signIn = (collection: string, body: unknown): Step =>
  guest(`POST /api/collections/${collection}/auth-with-password`, body);

const BODIES: readonly unknown[] = [
  {},
  { identity: "ursula@example.com" },
  { password: PASSWORD },
  { identity: "", password: "" },
  { identity: "ursula@example.com", password: "wrong" },
  { identity: "nobody@example.com", password: PASSWORD },
  { identity: "ursula@example.com", password: PASSWORD },
  { identity: "URSULA@example.com", password: PASSWORD },
  { identity: " ursula@example.com", password: PASSWORD },
  { identity: "otto@example.com", password: PASSWORD },
  { identity: "Ursula", password: PASSWORD },
  { identity: "user00000000001", password: PASSWORD },
  { identity: "x".repeat(256), password: PASSWORD },
  { identity: "ursula@example.com", password: "x".repeat(256) },
  { identity: "ursula@example.com", password: `${PASSWORD}x` },
  { identity: 1, password: PASSWORD },
  { identity: "ursula@example.com", password: 1234567890 },
  { identity: null, password: null },
  { identity: ["ursula@example.com"], password: PASSWORD },
  { identity: "ursula@example.com", password: PASSWORD, identityField: "email" },
  { identity: "ursula@example.com", password: PASSWORD, identityField: "username" },
  { identity: "ursula@example.com", password: PASSWORD, identityField: "id" },
  { identity: "ursula@example.com", password: PASSWORD, identityField: "" },
  { identity: "ursula@example.com", password: PASSWORD, identityField: 1 },
  { Identity: "ursula@example.com", PASSWORD },
  { identity: "ursula@example.com", password: PASSWORD, unknown: 1 },
  { email: "ursula@example.com", password: PASSWORD },
  [],
  null,
  "text",
];

export const PASSWORDS = family("auth: password", [
  ...BODIES.map((body) => signIn("users", body)),
  ...[
    { identity: "clara@example.com", password: PASSWORD },
    { identity: "Clara", password: PASSWORD },
    { identity: "CLARA", password: PASSWORD },
    { identity: "clara", password: PASSWORD, identityField: "username" },
    { identity: "clara", password: PASSWORD, identityField: "email" },
    { identity: "carl", password: PASSWORD },
    { identity: "dora@example.com", password: PASSWORD },
    { identity: "other@example.com", password: PASSWORD },
  ].map((body) => signIn("clients", body)),
  ...COLLECTIONS.flatMap((collection) => [
    signIn(collection, {}),
    signIn(collection, { identity: "x@example.com", password: "x" }),
  ]),
  signIn("managers", { identity: "mia@example.com", password: PASSWORD }),
  signIn("nologin", { identity: "nina@example.com", password: PASSWORD }),
  signIn("careful", { identity: "cleo@example.com", password: PASSWORD }),
  signIn("careful", { identity: "cleo@example.com", password: PASSWORD, mfaId: "unknown00000000" }),
  signIn("careful", { identity: "cleo@example.com", password: PASSWORD, mfaId: "" }),
  flow(
    "the same factor twice",
    signIn("careful", { identity: "cleo@example.com", password: PASSWORD }),
    signIn("careful", { identity: "cleo@example.com", password: PASSWORD, mfaId: "{{0.mfaId}}" }),
  ),
  signIn("_superusers", { identity: "root@example.com", password: PASSWORD }),
  signIn("posts", { identity: "x", password: "x" }),
  signIn("stats", { identity: "x", password: "x" }),
  signIn("unknown", { identity: "x", password: "x" }),
  signIn("USERS", { identity: "ursula@example.com", password: PASSWORD }),
  signIn("_pb_users_auth_", { identity: "ursula@example.com", password: PASSWORD }),
  signIn("users", raw("identity=ursula@example.com&password=1234567890", "application/x-www-form-urlencoded")),
  signIn(
    "users",
    raw("identity=ursula@example.com&identity=other&password=1234567890", "application/x-www-form-urlencoded"),
  ),
  signIn("users", raw("{broken", "application/json")),
  ...[
    "?fields=token",
    "?fields=record.id",
    "?fields=record.id,record.email,token",
    "?fields=record",
    "?fields=unknown",
    "?expand=authors_via_account",
    "?expand=authors_via_account&fields=record.expand",
    "?fields=*",
    "?identity=x",
    "?mfaId=x",
  ].map((query) =>
    guest(`POST /api/collections/users/auth-with-password${query}`, {
      identity: "ursula@example.com",
      password: PASSWORD,
    }),
  ),
  user("POST /api/collections/users/auth-with-password", { identity: "otto@example.com", password: PASSWORD }),
  guest("GET /api/collections/users/auth-with-password"),
  guest("PUT /api/collections/users/auth-with-password", {}),
]);

export const METHODS = family(
  "auth: methods",
  [
    ...[...COLLECTIONS, "posts", "stats", "unknown", "USERS", "_pb_users_auth_"].map((collection) =>
      guest(`GET /api/collections/${collection}/auth-methods`),
    ),
    ...[
      "?fields=password",
      "?fields=password.enabled",
      "?fields=oauth2.providers.name",
      "?fields=*",
      "?fields=unknown",
    ].map((query) => guest(`GET /api/collections/social/auth-methods${query}`)),
    user("GET /api/collections/users/auth-methods"),
    superuser("GET /api/collections/careful/auth-methods"),
    guest("POST /api/collections/users/auth-methods", {}),
  ],
  { onlyReads: true },
);

const TOKENS = {
  nothing: "",
  "another word": "nonsense",
  "three words": "a.b.c",
  bearer: "Bearer {{user.token}}",
  "bearer in lower case": "bearer {{user.token}}",
  "bearer in upper case": "BEARER {{user.token}}",
  "bearer twice": "Bearer Bearer {{user.token}}",
  "bearer without a token": "Bearer",
  "bearer and a blank": "Bearer ",
  "bearer and two blanks": "Bearer  {{user.token}}",
  basic: "Basic dXNlcjpwYXNz",
  token: "Token {{user.token}}",
  "a changed signature": "{{user.token}}x",
  "the start of a token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.",
  "no algorithm":
    "eyJhbGciOiJub25lIn0.eyJpZCI6InVzZXIwMDAwMDAwMDAwMSIsInR5cGUiOiJhdXRoIiwiY29sbGVjdGlvbklkIjoiX3BiX3VzZXJzX2F1dGhfIn0.",
  quoted: '"{{user.token}}"',
  "two tokens": "{{user.token}}, {{user.token}}",
};

const refresh = (as: typeof guest, collection: string, query = ""): Step =>
  as(`POST /api/collections/${collection}/auth-refresh${query}`);

export const REFRESH = family("auth: refresh, tokens, impersonation", [
  ...[...COLLECTIONS, "posts", "stats", "unknown"].flatMap((collection) =>
    [guest, user, client, manager, superuser].map((as) => refresh(as, collection)),
  ),
  ...[
    "?fields=token",
    "?fields=record.id",
    "?expand=authors_via_account",
    "?fields=record.expand.authors_via_account.name&expand=authors_via_account",
  ].map((query) => refresh(user, "users", query)),
  flow(
    "refresh a fresh token",
    signIn("users", { identity: "ursula@example.com", password: PASSWORD }),
    guest("POST /api/collections/users/auth-refresh", undefined, { Authorization: "{{0.token}}" }),
  ),
  flow(
    "refresh a superuser's fresh token",
    signIn("_superusers", { identity: "root@example.com", password: PASSWORD }),
    guest("POST /api/collections/_superusers/auth-refresh", undefined, { Authorization: "Bearer {{0.token}}" }),
  ),
  user("POST /api/collections/users/auth-refresh", { any: "body" }),
  user("POST /api/collections/users/auth-refresh", raw("{broken", "application/json")),
  user("POST /api/collections/users/auth-refresh", raw("x", "text/plain")),
  ...Object.entries(TOKENS).flatMap(([name, token]) => [
    flow(
      `${name}: view`,
      guest("GET /api/collections/owned/records/owned0000000001?fields=id", undefined, { Authorization: token }),
    ),
    flow(
      `${name}: list`,
      guest("GET /api/collections/for_members/records?fields=id&sort=id", undefined, { Authorization: token }),
    ),
    flow(`${name}: refresh`, guest("POST /api/collections/users/auth-refresh", undefined, { Authorization: token })),
    flow(`${name}: collections`, guest("GET /api/collections/posts?fields=id", undefined, { Authorization: token })),
  ]),
  ...[guest, user, superuser].flatMap((as) =>
    [
      "users/impersonate/user00000000001",
      "users/impersonate/unknown00000000",
      "posts/impersonate/post00000000001",
      "unknown/impersonate/x",
      "_superusers/impersonate/root00000000001",
      "nologin/impersonate/nologin00000001",
      "careful/impersonate/careful00000001",
      "clients/impersonate/client000000002",
    ].map((path) => as(`POST /api/collections/${path}`)),
  ),
  ...[
    { duration: 60 },
    { duration: 0 },
    { duration: -1 },
    { duration: "60" },
    { duration: 1.5 },
    { duration: null },
    { duration: 1e12 },
    { duration: "x" },
    { Duration: 60 },
    [],
    {},
  ].map((body) => superuser("POST /api/collections/users/impersonate/user00000000001", body)),
  superuser("POST /api/collections/users/impersonate/user00000000001?fields=token"),
  superuser("POST /api/collections/users/impersonate/user00000000001?expand=authors_via_account&fields=record.expand", {
    duration: 100,
  }),
  flow(
    "an impersonated client",
    superuser("POST /api/collections/users/impersonate/user00000000001", { duration: 1000 }),
    guest("POST /api/collections/users/auth-refresh", undefined, { Authorization: "{{0.token}}" }),
    guest("GET /api/collections/owned/records?fields=id", undefined, { Authorization: "{{0.token}}" }),
  ),
  flow(
    "a deleted account",
    superuser("DELETE /api/collections/users/records/user00000000002"),
    other("POST /api/collections/users/auth-refresh"),
    other("GET /api/collections/for_members/records?fields=id&sort=id"),
  ),
  flow(
    "a token after a change of the key",
    superuser("PATCH /api/collections/clients/records/client000000001?fields=id", { tokenKey: "k".repeat(40) }),
    client("POST /api/collections/clients/auth-refresh"),
    client("GET /api/collections/for_members/records?fields=id&sort=id"),
  ),
  flow(
    "a token after a change of the auth rule",
    superuser("PATCH /api/collections/managers?fields=id", { authRule: "verified = true" }),
    manager("POST /api/collections/managers/auth-refresh"),
    manager("GET /api/collections/managers/records?fields=id&sort=id"),
  ),
]);
