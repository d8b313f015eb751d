import { describe, expect, test } from "bun:test";
import { readClaims } from "../auth/token-claims.ts";
import { authCollection } from "../testing/auth-collection.ts";
import { errorText, play, type Scenario, testScenarios } from "../testing/scenario.ts";
import { PASSWORD, startTestApp } from "../testing/test-app.ts";

const { url, admin, add, define, tokenOf } = await startTestApp();
const otp = { enabled: true, duration: 60, length: 6 };
await define(authCollection("members", { authRule: "verified = true" }));
await define(authCollection("careful", { mfa: { enabled: true, duration: 60, rule: "" }, otp }));
await define(authCollection("closed", { passwordAuth: { enabled: false, identityFields: [] }, otp }));

const ann = await add("members", { email: "ann@example.com", nick: "Ann", verified: true });
const annToken = await tokenOf("members", ann);
await add("members", { email: "new@example.com", nick: "new" });

const PATH = "/api/collections/members/auth-with-password";
const LOADING = "An error occurred while loading the submitted data.";
const VALIDATING = "An error occurred while validating the submitted data.";
const REFUSED = errorText(400, "Failed to authenticate.");

const signIn = (identity: string, password = PASSWORD, more: object = {}): Partial<Scenario> => ({
  body: { identity, password, ...more },
});

describe("signing in with a password", () => {
  const post = (name: string, status: number, more: Partial<Scenario>): Scenario => ({
    name,
    method: "POST",
    path: PATH,
    status,
    ...more,
  });
  const long = "x".repeat(256);
  const range = '"code":"validation_length_out_of_range","message":"The length must be between 1 and 255."';
  testScenarios(url, [
    post("works with the email", 200, {
      ...signIn("ann@example.com"),
      contains: [`"id":"${ann.id}"`, '"email":"ann@example.com"'],
    }),
    post("works with another field, in any case if its index ignores case", 200, signIn("aNN")),
    post("works with the field that the request names", 200, signIn("Ann", PASSWORD, { identityField: "nick" })),
    post("works from a form", 200, {
      body: "identity=ann@example.com&password=1234567890",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
    }),
    post("returns the requested fields", 200, {
      ...signIn("ann@example.com"),
      path: `${PATH}?fields=record.nick`,
      contains: ['{"record":{"nick":"Ann"}}'],
    }),
    post("never returns secrets", 200, {
      ...signIn("ann@example.com"),
      excludes: ["tokenKey", "password", "$2a$"],
    }),
    post("fails with a wrong password", 400, { ...signIn("ann@example.com", "wrong"), contains: [REFUSED] }),
    post("fails for an unknown identity with the same message", 400, {
      ...signIn("nobody@example.com"),
      contains: [REFUSED],
    }),
    post("fails with a field that does not have the value", 400, {
      ...signIn("Ann", PASSWORD, { identityField: "email" }),
      contains: [REFUSED],
    }),
    post("fails with the email in another case, because its index is case-sensitive", 400, {
      ...signIn("ANN@example.com"),
      contains: [REFUSED],
    }),
    post("fails if the auth rule does", 403, {
      ...signIn("new@example.com"),
      contains: [errorText(403, "The request doesn't satisfy the collection requirements to authenticate.")],
    }),
    post("ignores the auth rule for superusers", 200, { ...signIn("new@example.com"), token: admin }),
    post("needs an identity and a password", 400, {
      body: {},
      contains: [VALIDATING, '"identity":{"code":"validation_required"', '"password":{"code":"validation_required"'],
    }),
    post("limits the length of both", 400, {
      ...signIn(long, long),
      contains: [`"identity":{${range}`, `"password":{${range}`],
    }),
    post("refuses unknown identity fields", 400, {
      ...signIn("a", "b", { identityField: "id" }),
      contains: ['"identityField":{"code":"validation_in_invalid","message":"Must be a valid value."}'],
    }),
    ...["{", "[]", '{"identity":1}', '{"identity":{}}', '{"password":true}'].map((body) =>
      post(`can't read ${body}`, 400, { body, contains: [errorText(400, LOADING)] }),
    ),
    post("is disabled for some collections", 403, {
      path: PATH.replace("members", "closed"),
      ...signIn("a"),
      contains: [errorText(403, "The collection is not configured to allow password authentication.")],
    }),
    post("exists only for auth collections", 404, {
      path: PATH.replace("members", "_mfas"),
      contains: [errorText(404, "Missing or invalid auth collection context.")],
    }),
    post("needs an existing collection", 404, {
      path: PATH.replace("members", "nope"),
      contains: [errorText(404, "Missing or invalid collection context.")],
    }),
  ]);
});

describe("a refresh", () => {
  const path = "/api/collections/members/auth-refresh";
  interface Refreshed {
    readonly token: string;
    readonly record: { readonly email: string };
  }
  const refresh = async (token: string): Promise<Refreshed> =>
    (await (await play(url, { method: "POST", path, token })).json()) as Refreshed;

  test("returns a new token for a refreshable one, and otherwise the same", async () => {
    const renewable = await tokenOf("members", ann);
    const fixed = await tokenOf("members", ann, { refreshable: false });
    const fresh = readClaims((await refresh(`Bearer ${renewable}`)).token);
    expect(fresh).toMatchObject({ id: ann.id, refreshable: true, type: "auth" });
    expect((await refresh(fixed)).token).toBe(fixed);
    expect((await refresh(renewable)).record.email).toBe("ann@example.com");
  });

  testScenarios(url, [
    { name: "requires a signed-in user", method: "POST", path, status: 401 },
    {
      name: "requires an auth record of the collection",
      method: "POST",
      path,
      token: admin,
      status: 403,
      contains: [errorText(403, "The request requires auth record from _superusers collection.")],
    },
    {
      name: "needs an existing collection",
      method: "POST",
      path: path.replace("members", "nope"),
      token: annToken,
      status: 404,
    },
    { name: "must be a POST request", path, token: annToken, status: 404 },
  ]);

  test("fails once the auth rule does, or the record is deleted", async () => {
    const gone = await add("members", { email: "gone@example.com", nick: "gone", verified: true });
    const goneToken = await tokenOf("members", gone);
    const patch = (body: object): Promise<Response> =>
      play(url, { method: "PATCH", path: `/api/collections/members/records/${gone.id}`, token: admin, body });
    const status = async (): Promise<number> => (await play(url, { method: "POST", path, token: goneToken })).status;
    expect((await patch({ verified: false })).status).toBe(200);
    expect(await status()).toBe(403);
    expect((await patch({ password: "another-one", passwordConfirm: "another-one" })).status).toBe(200);
    expect(await status()).toBe(401);
  });
});

describe("impersonation", () => {
  const path = `/api/collections/members/impersonate/${ann.id}`;

  test("returns a token for the requested duration, which can't be refreshed", async () => {
    const response = await play(url, { method: "POST", path, token: admin, body: { duration: 100 } });
    const { token } = (await response.json()) as { token: string };
    const claims = readClaims(token)!;
    expect(claims).toMatchObject({ id: ann.id, refreshable: false });
    expect(claims.exp! - Date.now() / 1000).toBeWithin(90, 101);
  });

  testScenarios(url, [
    { name: "requires a superuser", method: "POST", path, token: annToken, status: 403 },
    { name: "needs an existing record", method: "POST", path: path.replace(ann.id, "nope"), token: admin, status: 404 },
    {
      name: "refuses a negative duration",
      method: "POST",
      path,
      token: admin,
      body: { duration: -1 },
      status: 400,
      contains: ["validation_min_greater_equal_than_required"],
    },
    {
      name: "refuses fractions of a second",
      method: "POST",
      path,
      token: admin,
      body: { duration: 1.5 },
      status: 400,
      contains: [errorText(400, LOADING)],
    },
  ]);
});

describe("the auth methods", () => {
  testScenarios(url, [
    {
      name: "are public",
      path: "/api/collections/careful/auth-methods",
      status: 200,
      contains: [
        '{"password":{"identityFields":["nick","email"],"enabled":true},"oauth2":{"providers":[],"enabled":false},' +
          '"mfa":{"enabled":true,"duration":60},"otp":{"enabled":true,"duration":60},' +
          '"authProviders":[],"usernamePassword":false,"emailPassword":true}',
      ],
    },
    { name: "exist only for auth collections", path: "/api/collections/_mfas/auth-methods", status: 404 },
  ]);
});
