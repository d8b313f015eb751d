import { expect, setDefaultTimeout, test } from "bun:test";
import { rejectionOf } from "../../test/support/rejection.ts";
import { scriptedServer } from "../../test/support/scripted-server.ts";
import { Client, memoryStore } from "../index.ts";

setDefaultTimeout(60_000);

const LIMITS = { minMs: 1, baseMs: 5, maxMs: 20 } as const;

test("on a 401, the client refreshes its token and retries once", async () => {
  const exp = Date.now() / 1_000 + 3_600;
  const token = (name: string): string => `x.${btoa(JSON.stringify({ exp, id: "u", collectionId: "users", name }))}.x`;
  const record = { id: "u", collectionId: "users", collectionName: "users" };
  using server = scriptedServer(({ method, target, headers }, reply) => {
    if (method === "GET") return void reply.stream().greet();
    if (target.endsWith("/auth-refresh")) return reply.respond(200, JSON.stringify({ token: token("new"), record }));
    if (headers.get("authorization") !== token("new"))
      return reply.respond(401, `{"message":"Not signed in.","data":{}}`);
    reply.respond(204);
  });
  const client = new Client(server.url, {
    store: memoryStore({ token: token("old"), record }),
    limits: LIMITS,
    transport: "sse",
  });
  const changes: string[] = [];
  client.auth.onChange(({ kind }) => changes.push(kind));
  await client.realtime().subscribeToCollection("posts", { check: false }).ready;
  expect(changes).toEqual(["refreshed"]);
  client.close();
});

test("a 401 for a token that can't be refreshed signs the user out and ends the subscriptions", async () => {
  const record = { id: "u", collectionId: "users", collectionName: "users" };
  const token = `x.${btoa(JSON.stringify({ exp: Date.now() / 1_000 + 3_600 }))}.x`;
  using server = scriptedServer(({ method }, reply) => {
    if (method === "GET") return void reply.stream().greet();
    reply.respond(401, `{"message":"Not signed in.","data":{}}`);
  });
  const client = new Client(server.url, { store: memoryStore({ token, record }), limits: LIMITS, transport: "sse" });
  const changes: string[] = [];
  client.auth.onChange(({ kind }) => changes.push(kind));
  const subscription = client.realtime().subscribeToCollection("posts", { check: false });
  expect(await rejectionOf(subscription.ready)).toMatchObject({ code: "unauthorized" });
  expect(changes).toEqual(["revoked"]);
  expect(client.auth.record).toBeUndefined();
});

test("a subscription that is too long fails alone", async () => {
  using server = scriptedServer(({ method, body }, reply) => {
    if (method === "GET") return void reply.stream().greet();
    const bad = (JSON.parse(body) as { readonly subscriptions: readonly string[] }).subscriptions.findIndex((name) =>
      name.includes("long"),
    );
    if (bad < 0) return reply.respond(204);
    const data = { subscriptions: { [bad]: { code: "validation_length_too_long", message: "Too long." } } };
    reply.respond(400, JSON.stringify({ message: "Bad.", data }));
  });
  const client = new Client(server.url, { store: memoryStore(), limits: LIMITS, transport: "sse" });
  const good = client.realtime().subscribe("good");
  const long = client.realtime().subscribe("long");
  expect(await rejectionOf(long.ready)).toMatchObject({ code: "invalid", status: 400 });
  await good.ready;
  expect(client.realtime().names).toEqual(["good"]);
  client.close();
});
