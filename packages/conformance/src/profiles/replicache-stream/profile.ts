import type { Case, Profile, Standard } from "../../core/case.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import { eventually, pause } from "../../core/deadline.ts";
import { openContext, type ReplicacheTarget, type ReplicacheContext, syncsOf } from "./target.ts";

const quote = (sentence: string): Standard => ({ source: "SSE Stream API Documentation", sentence });

/** How long to wait for unwanted events, in milliseconds. */
const SETTLE_MS = 150;

const cases: readonly Case<ReplicacheContext>[] = [
  {
    group: "Authentication",
    name: "every endpoint rejects requests without a valid token",
    standard: quote("401 Unauthorized for invalid/expired tokens"),
    async run({ open, request }, scope) {
      for (const token of [undefined, "forged"]) {
        const who = token ?? "no";
        const { status } = await open(scope, token);
        check(status === 401, `the stream with ${who} token gets ${status}, not 401`);
        for (const [method, path] of [
          ["POST", "/poke-user"],
          ["GET", "/stats"],
        ] as const) {
          const response = await request(method, path, token);
          check(response.status === 401, `${method} ${path} with ${who} token gets ${response.status}, not 401`);
        }
      }
    },
  },
  {
    group: "Stream",
    name: "the response headers are those of an event stream",
    standard: quote(
      "Content-Type: text/event-stream; Cache-Control: no-cache; Connection: keep-alive; Access-Control-Allow-Origin: *",
    ),
    async run({ connect, token }, scope) {
      const { headers } = await connect(scope, token);
      const type = headers.get("content-type") ?? "";
      check(/^text\/event-stream\b/i.test(type), `Content-Type is ${type || "missing"}`);
      const cache = headers.get("cache-control") ?? "";
      check(/no-(cache|store)/.test(cache), `Cache-Control is ${cache || "missing"}`);
      const origin = headers.get("access-control-allow-origin");
      check(origin === "*", `Access-Control-Allow-Origin is ${show(origin)}, not "*"`);
      // keep-alive is the default in HTTP/1.1, and not every client exposes the header.
      check(!/close/i.test(headers.get("connection") ?? ""), "Connection is close");
    },
  },
  {
    group: "Stream",
    name: "the first message is connected",
    standard: quote("data: connected - Initial connection confirmation"),
    async run({ connect, token }, scope) {
      const stream = await connect(scope, token);
      const [{ event, data, offsetMs } = { event: "", data: "", offsetMs: 0 }] = stream.events.items;
      check(
        event === "message" && data === "connected",
        `the first message is ${show({ event, data })}, not connected`,
      );
      scope.measure("connectedMs", offsetMs);
    },
  },
  {
    group: "Stream",
    name: "the stream is pinged",
    standard: quote("data: ping - Periodic keep-alive (every 30 seconds)"),
    alongside: true,
    timeoutMs: ({ pingMs }) => 15_000 + 2 * pingMs,
    async run({ connect, token, pingMs }, scope) {
      const stream = await connect(scope, token);
      await stream.until((events) => events.some(({ data }) => data === "ping"), "a ping", 2 * pingMs);
      scope.measure("pingAfterMs", stream.events.items.find(({ data }) => data === "ping")!.offsetMs);
    },
  },
  {
    group: "Poke",
    name: "a poke reaches every stream of the user",
    standard: quote("data: sync - User-specific notification (triggered by poke)"),
    async run({ connect, request, token }, scope) {
      const streams = [await connect(scope, token, "a"), await connect(scope, token, "b")];
      const from = performance.now();
      const { status, body } = await request("POST", "/poke-user", token);
      check(status === 200, `POST /poke-user: ${status} ${show(body)}`);
      for (const stream of streams) await stream.until(() => syncsOf(stream) > 0, "sync");
      scope.measure("pokeMs", performance.now() - from);
    },
  },
  {
    group: "Poke",
    name: "the response says what was done",
    standard: quote(
      '{"success": true, "userId": "user123", "clientsNotified": 2, "message": "User-specific sync triggered", "timestamp": "2024-01-01T12:00:00.000Z"}',
    ),
    async run({ connect, request, token }, scope) {
      await connect(scope, token);
      const { body } = await request("POST", "/poke-user", token);
      const { success, userId, clientsNotified, message, timestamp } = body;
      check(success === true, `success is ${show(success)}`);
      check(typeof userId === "string" && userId !== "", `userId is ${show(userId)}`);
      check(Number(clientsNotified) >= 1, `one stream is open, but clientsNotified is ${show(clientsNotified)}`);
      check(typeof message === "string", `message is ${show(message)}`);
      check(!Number.isNaN(Date.parse(String(timestamp))), `timestamp is ${show(timestamp)}`);
    },
  },
  {
    group: "Poke",
    name: "other users are not poked",
    standard: quote("Each user only receives their own notifications"),
    async run({ connect, request, token, otherToken }, scope) {
      const other = await connect(scope, otherToken(), "other");
      const own = await connect(scope, token, "own");
      const before = syncsOf(other);
      await request("POST", "/poke-user", token);
      await own.until(() => syncsOf(own) > 0, "sync");
      await pause(SETTLE_MS);
      check(syncsOf(other) === before, "another user's stream received sync");
    },
  },
  {
    group: "Poke",
    name: "a push pokes the user",
    standard: quote("Push: POST /api/v1/replicache/push - Apply mutations and trigger sync"),
    async run({ connect, request, token }, scope) {
      const stream = await connect(scope, token);
      const group = `conformance${Math.random().toString(36).slice(2)}`;
      const before = syncsOf(stream);
      const push = { profileID: "p", clientGroupID: group, mutations: [], pushVersion: 1, schemaVersion: "" };
      const { status, body } = await request("POST", "/push", token, push);
      if (status === 404) notOffered("the server has no push endpoint");
      check(status === 200, `POST /push: ${status} ${show(body)}`);
      await stream.until(() => syncsOf(stream) > before, "sync");
    },
  },
  {
    group: "Stats",
    name: "stats count the user's streams and all streams",
    standard: quote(
      '{"userId": "user123", "userConnections": 2, "totalConnections": 15, "timestamp": "2024-01-01T12:00:00.000Z"}',
    ),
    async run({ connect, request, token }, scope) {
      const counts = async (): Promise<readonly [number, number]> => {
        const { status, body } = await request("GET", "/stats", token);
        check(status === 200, `GET /stats: ${status} ${show(body)}`);
        check(typeof body["userId"] === "string", `userId is ${show(body["userId"])}`);
        check(!Number.isNaN(Date.parse(String(body["timestamp"]))), `timestamp is ${show(body["timestamp"])}`);
        return [Number(body["userConnections"]), Number(body["totalConnections"])];
      };
      const [before] = await counts();
      await connect(scope, token);
      await connect(scope, token);
      const [user, total] = await counts();
      check(user >= 2 && user >= before, `two streams are open, but userConnections is ${user}`);
      check(total >= user, `totalConnections is ${total}, less than userConnections, ${user}`);
    },
  },
  {
    group: "Stats",
    name: "a closed stream is no longer counted",
    standard: quote("Automatic Cleanup: Removes disconnected clients automatically"),
    async run({ connect, request, token }, scope) {
      const count = async (): Promise<number> =>
        Number((await request("GET", "/stats", token)).body["userConnections"]);
      const streams = [await connect(scope, token), await connect(scope, token), await connect(scope, token)];
      const open = await count();
      for (const stream of streams) stream.close();
      const from = performance.now();
      check(
        await eventually(async () => (await count()) <= open - 3, scope.patienceMs),
        `three of ${open} streams were closed, but userConnections is still ${await count()}`,
      );
      scope.measure("forgottenMs", performance.now() - from);
    },
  },
];

/** The stream that tells Replicache clients to pull. */
export const replicacheStreamProfile: Profile<ReplicacheTarget, ReplicacheContext> = {
  name: "replicache-stream",
  subject: "server",
  cases,
  open: openContext,
};
