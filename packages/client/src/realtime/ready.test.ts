import { expect, setDefaultTimeout, test } from "bun:test";
import { freePort } from "@headwater/testing/lib/free-port.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { Client, memoryStore } from "../index.ts";
import { scriptedServer } from "../../test/support/scripted-server.ts";

setDefaultTimeout(60_000);

const limits = { minMs: 1, baseMs: 5, maxMs: 20 };

test("a subscription says why it waits, until the server has accepted it", async () => {
  const port = freePort();
  const client = new Client(`http://127.0.0.1:${port}`, { store: memoryStore(), limits });
  const notes = client.collection("notes").subscribe();
  const channel = client.realtime().subscribe("news");
  expect([notes.waitingFor, channel.waitingFor]).toEqual([undefined, undefined]);
  const isWaiting = (): boolean => notes.waitingFor?.code === "network" && channel.waitingFor?.code === "network";
  while (!isWaiting()) await new Promise((resolve) => setImmediate(resolve));

  await using server = await startServer({ port });
  const admin = await SuperuserClient.signIn(server.url);
  // Until the collection exists, the access check of `notes` ends it.
  await channel.ready;
  expect(channel.waitingFor).toBeUndefined();
  await admin.createCollection(PUBLIC_NOTES);
  const again = client.collection("notes").subscribe();
  await again.ready;
  expect(again.waitingFor).toBeUndefined();
  client.close();
});

test("a subscription that a busy server delays says so", async () => {
  let isBusy = true;
  using server = scriptedServer((request, reply) => {
    if (request.method === "GET" && request.target.startsWith("/api/realtime")) return void reply.stream().greet();
    if (request.method !== "POST") return reply.respond(404, "{}");
    if (!isBusy) return reply.respond(204);
    reply.respond(503, "{}", { "retry-after": "0" });
  });
  const client = new Client(server.url, { store: memoryStore(), transport: "sse", limits });
  const channel = client.realtime().subscribe("news");
  while (channel.waitingFor?.status !== 503) await new Promise((resolve) => setImmediate(resolve));
  isBusy = false;
  await channel.ready;
  expect(channel.waitingFor).toBeUndefined();
  client.close();
});
