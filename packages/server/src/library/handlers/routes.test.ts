import { expect, test } from "bun:test";
import { UserError } from "../../lib/user-error.ts";
import { forbidden } from "../../lib/api-error.ts";
import { play } from "../../testing/scenario.ts";
import { openLibraryApp } from "../../testing/library-app.ts";
import { invalid } from "../errors.ts";

const { app, log } = await openLibraryApp();
app.route("GET", "/api/hello/:name", ({ params, query, caller }) => ({
  name: params.name,
  q: query["q"],
  is: caller.kind,
}));
app.route("POST", "/api/echo", async (request) => request.json());
app.route("POST", "/api/upload", async (request) => (await request.files()).get("a")?.map(({ name }) => name));
app.route("DELETE", "/things/:id", () => {});
app.route("GET", "/text", () => new Response("plain", { status: 201, headers: { "Content-Type": "text/plain" } }));
app.route("GET", "/refused", () => {
  throw forbidden("Not you.");
});
app.route("GET", "/invalid", () => {
  throw invalid({ title: "must not shout", slug: { code: "taken", message: "Is taken." } });
});
app.route("GET", "/broken", () => {
  throw new Error("a secret");
});
app.route("GET", "/mine", async (request) => app.records("users").as(request.caller).list());
const { url } = app.start();
app.route("GET", "/proxied", () => fetch(`${url}/text`));

const get = async (path: string): Promise<unknown> => (await fetch(url + path)).json();

test("a route gets the path's parameters, the query and the caller", async () => {
  expect(await get("/api/hello/b%C3%B6b?q=1")).toEqual({ name: "böb", q: "1", is: "guest" });
  const head = await fetch(`${url}/api/hello/bob`, { method: "HEAD" });
  expect([head.status, head.headers.get("x-content-type-options")]).toEqual([200, "nosniff"]);
});

test("the caller is the token's account, without its secrets", async () => {
  await app.records("users").create({ email: "a@example.com", password: "1234567890" });
  const body = { identity: "a@example.com", password: "1234567890" };
  const signed = await play(url, { method: "POST", path: "/api/collections/users/auth-with-password", body });
  const { token } = (await signed.json()) as { token: string };
  app.route("GET", "/me", ({ caller }) => caller);
  const me = await (await play(url, { path: "/me", token })).json();
  expect(me).toMatchObject({ kind: "user", record: { email: "a@example.com" } });
  expect(me).not.toHaveProperty("record.tokenKey");
  expect(me).not.toHaveProperty("record.password");
  expect(await (await play(url, { path: "/mine", token })).json()).toMatchObject({ totalItems: 1 });
  expect(await get("/mine")).toMatchObject({ totalItems: 0 });
});

test("bodies are JSON of any shape, or forms", async () => {
  const echo = async (body: unknown): Promise<unknown> =>
    (await play(url, { method: "POST", path: "/api/echo", body })).json();
  expect(await echo([1, "a"])).toEqual([1, "a"]);
  const form = new FormData();
  form.append("a", new File(["x"], "x.txt"));
  form.append("b", "12");
  expect(await echo(form)).toEqual({ b: 12 });
  expect(await (await play(url, { method: "POST", path: "/api/upload", body: form })).json()).toEqual(["x.txt"]);
  const broken = await play(url, {
    method: "POST",
    path: "/api/echo",
    body: "{",
    headers: { "Content-Type": "application/json" },
  });
  expect(broken.status).toBe(400);
});

test("a handler returns a response, a value, or nothing", async () => {
  const text = await fetch(`${url}/text`);
  expect([text.status, await text.text()]).toEqual([201, "plain"]);
  expect(await (await fetch(`${url}/proxied`)).text()).toBe("plain");
  expect((await fetch(`${url}/things/1`, { method: "DELETE" })).status).toBe(204);
  expect((await fetch(`${url}/things/1`)).status).toBe(404);
});

test("errors of a route are answered like those of the API", async () => {
  expect(await get("/refused")).toEqual({ data: {}, message: "Not you.", status: 403 });
  expect(await get("/invalid")).toEqual({
    data: {
      slug: { code: "taken", message: "Is taken." },
      title: { code: "validation_invalid_value", message: "Must not shout." },
    },
    message: "An error occurred while validating the submitted data.",
    status: 400,
  });
  expect(await get("/broken")).toEqual({
    data: {},
    message: "Something went wrong while processing your request.",
    status: 500,
  });
  expect(log.find(({ msg }) => msg === "request failed")).toMatchObject({ err: { message: "a secret" } });
});

test("paths of the server's API can't be replaced", () => {
  expect(() => app.route("GET", "/api/health", () => {})).toThrow(UserError);
  expect(() => app.route("GET", "/api/collections/:name/records", () => {})).toThrow(UserError);
  expect(() => app.route("GET", "no-slash", () => {})).toThrow(UserError);
});
