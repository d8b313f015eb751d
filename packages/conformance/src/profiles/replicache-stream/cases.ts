import type { Case } from "../../core/case.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import { eventually, pause } from "../../core/deadline.ts";
import type { Scope } from "../../core/scope.ts";
import { fieldFault, type Fields } from "../../model/field.ts";
import { judge } from "../../model/judge.ts";
import { orderFault } from "../../model/stream-model.ts";
import type { SseStream } from "../../stream/sse-stream.ts";
import { kindOf, POKE_RESPONSE, POKE_STREAM, quote, STATS_RESPONSE } from "./model.ts";
import { type ReplicacheContext, syncsOf } from "./target.ts";

/** How many pings must come. */
const PINGS = 2;
const POKES = 2;

const checkFields = (body: Readonly<Record<string, unknown>>, fields: Fields, of: string): void => {
  const fault = fieldFault(body, fields, of);
  check(fault === undefined, fault!);
};

async function poke({ request, token }: ReplicacheContext): Promise<Readonly<Record<string, unknown>>> {
  const { status, body } = await request("POST", "/poke-user", token);
  check(status === 200, `POST /poke-user: ${status} ${show(body)}`);
  return body;
}

async function untilSync(stream: SseStream, more: number, scope: Scope): Promise<void> {
  await stream.until(() => syncsOf(stream) >= more, "sync", scope.patienceMs);
}

const authentication: Case<ReplicacheContext> = {
  group: "Authentication",
  name: "every endpoint rejects requests without a valid token",
  standard: quote("401 Unauthorized for invalid/expired tokens"),
  async run({ open, request }, scope) {
    for (const token of [undefined, "forged"]) {
      const who = token ?? "no";
      const { stream } = await open(scope, token);
      check(stream.status === 401, `the stream with ${who} token gets ${stream.status}, not 401`);
      for (const [method, path] of [
        ["POST", "/poke-user"],
        ["GET", "/stats"],
      ] as const) {
        const response = await request(method, path, token);
        check(response.status === 401, `${method} ${path} with ${who} token gets ${response.status}, not 401`);
      }
    }
  },
};

const streamCases: readonly Case<ReplicacheContext>[] = [
  {
    group: "Stream",
    name: "the response headers are those of an event stream",
    standard: quote(
      "Content-Type: text/event-stream; Cache-Control: no-cache; Connection: keep-alive; Access-Control-Allow-Origin: *",
    ),
    async run({ open, token, first }, scope) {
      const opened = [first, await open(scope, token, "stream 1"), await open(scope, token, "stream 2")];
      judge(
        opened.map(({ recording }) => recording()),
        scope,
        ({ stream: { headers } }) => {
          const type = headers.get("content-type") ?? "";
          if (!/^text\/event-stream\s*(;|$)/i.test(type)) return `Content-Type is ${type || "missing"}`;
          const cache = headers.get("cache-control") ?? "";
          if (!/no-(cache|store)/i.test(cache)) return `Cache-Control is ${cache || "missing"}`;
          const origin = headers.get("access-control-allow-origin");
          if (origin !== "*") return `Access-Control-Allow-Origin is ${show(origin)}, not "*"`;
          // keep-alive is the default in HTTP/1.1, and not every client exposes the header.
          return /close/i.test(headers.get("connection") ?? "") ? "Connection is close" : undefined;
        },
      );
    },
  },
  {
    group: "Stream",
    name: "the first message is connected, and comes at once",
    standard: quote("data: connected - Initial connection confirmation"),
    async run({ open, first, token }, scope) {
      const opened = [first, await open(scope, token, "stream 1"), await open(scope, token, "stream 2")];
      const { heartbeatMs } = scope.clock;
      for (const { stream } of opened)
        await stream.until(({ length }) => length > 0, "the first message", heartbeatMs).catch(() => undefined);
      judge(
        opened.map(({ recording }) => recording()),
        scope,
        ({ events: [message], lagMs }) => {
          if (!message) return "no message came";
          if (kindOf(message) !== "connected") return `the first message is ${show(kindOf(message))}, not connected`;
          scope.measure("connectedMs", message.offsetMs);
          return message.offsetMs > heartbeatMs / 2 + lagMs
            ? `connected came after ${Math.round(message.offsetMs)} ms, not at once`
            : undefined;
        },
      );
    },
  },
  {
    group: "Stream",
    name: "the stream is pinged again and again",
    standard: quote("data: ping - Periodic keep-alive (every 30 seconds)"),
    alongside: true,
    timeoutMs: ({ caseMs, silenceMs }) => caseMs + (PINGS + 1) * silenceMs,
    async run({ open, token }, scope) {
      const { silenceMs } = scope.clock;
      const opened = await Promise.all([open(scope, token, "stream 1"), open(scope, token, "stream 2")]);
      for (const { stream } of opened) {
        const pings = (): number => stream.events.items.filter(({ data }) => data === "ping").length;
        for (let count = 1; count <= PINGS; count += 1)
          await stream.until(() => pings() >= count, `ping ${count}`, silenceMs);
        scope.measure("pingAfterMs", stream.events.items.find(({ data }) => data === "ping")!.offsetMs);
      }
    },
  },
];

const pokeCases: readonly Case<ReplicacheContext>[] = [
  {
    group: "Poke",
    name: "each poke reaches every stream of the user",
    standard: quote("data: sync - User-specific notification (triggered by poke)"),
    async run(context, scope) {
      const { connect, token, first } = context;
      const streams = [first.stream, await connect(scope, token, "a"), await connect(scope, token, "b")];
      for (let count = 1; count <= POKES; count += 1) {
        const before = streams.map(syncsOf);
        const from = performance.now();
        await poke(context);
        for (const [at, stream] of streams.entries()) await untilSync(stream, before[at]! + 1, scope);
        scope.measure("pokeMs", performance.now() - from);
        // Those who come later are poked as well.
        streams.push(await connect(scope, token, "late"));
      }
    },
  },
  {
    group: "Poke",
    name: "the response says what was done",
    standard: quote(
      '{"success": true, "userId": "user123", "clientsNotified": 2, "message": "User-specific sync triggered", "timestamp": "2024-01-01T12:00:00.000Z"}',
    ),
    async run(context, scope) {
      const { connect, token, openCount } = context;
      for (let count = 1; count <= POKES; count += 1) {
        await connect(scope, token);
        const before = openCount();
        const body = await poke(context);
        checkFields(body, POKE_RESPONSE, "the response of poke-user");
        const open = Math.min(before, openCount());
        const { clientsNotified } = body;
        check(
          Number(clientsNotified) >= open,
          `${open} streams are open, but clientsNotified is ${show(clientsNotified)}`,
        );
      }
    },
  },
  {
    group: "Poke",
    name: "other users are not poked",
    standard: quote("Each user only receives their own notifications"),
    async run(context, scope) {
      const { connect, token, otherToken } = context;
      const other = await connect(scope, otherToken(), "other");
      const own = await connect(scope, token, "own");
      const before = syncsOf(other);
      await poke(context);
      // A stream that is not poked at all is the matter of another case.
      await untilSync(own, syncsOf(own) + 1, scope).catch(() => undefined);
      await pause(scope.clock.settleMs);
      check(syncsOf(other) === before, "another user's stream received sync");
    },
  },
  {
    group: "Poke",
    name: "a push pokes the user",
    standard: quote("Push: POST /api/v1/replicache/push - Apply mutations and trigger sync"),
    async run({ connect, request, token }, scope) {
      const streams = [await connect(scope, token, "a"), await connect(scope, token, "b")];
      const group = `conformance${Math.random().toString(36).slice(2)}`;
      const before = streams.map(syncsOf);
      const push = { profileID: "p", clientGroupID: group, mutations: [], pushVersion: 1, schemaVersion: "" };
      const { status, body } = await request("POST", "/push", token, push);
      if (status === 404) notOffered("the server has no push endpoint");
      check(status === 200, `POST /push: ${status} ${show(body)}`);
      for (const [at, stream] of streams.entries()) await untilSync(stream, before[at]! + 1, scope);
    },
  },
];

const statsCases: readonly Case<ReplicacheContext>[] = [
  {
    group: "Stats",
    name: "stats count the user's streams and all streams",
    standard: quote(
      '{"userId": "user123", "userConnections": 2, "totalConnections": 15, "timestamp": "2024-01-01T12:00:00.000Z"}',
    ),
    async run(context, scope) {
      const { connect, token, openCount } = context;
      await connect(scope, token);
      await connect(scope, token);
      const before = openCount();
      const stats = await statsOf(context);
      const open = Math.min(before, openCount());
      checkFields(stats, STATS_RESPONSE, "the response of stats");
      const [user, total] = [Number(stats["userConnections"]), Number(stats["totalConnections"])];
      check(user >= open, `${open} streams are open, but userConnections is ${user}`);
      check(total >= user, `totalConnections is ${total}, less than userConnections, ${user}`);
    },
  },
  {
    group: "Stats",
    name: "stats count each user apart",
    standard: quote("User-Specific Tracking: Each user has their own set of client connections"),
    async run(context, scope) {
      const { connect, token, otherToken, request } = context;
      await connect(scope, token);
      const other = otherToken();
      const countOf = async (who: string): Promise<Readonly<Record<string, unknown>>> =>
        (await request("GET", "/stats", who)).body;
      const [own, before] = [await countOf(token), await countOf(other)];
      check(own["userId"] !== before["userId"], `two users have the userId ${show(own["userId"])}`);
      await connect(scope, other, "other");
      const after = await countOf(other);
      const more = Number(after["userConnections"]) - Number(before["userConnections"]);
      check(more === 1, `another user opened a stream, and their userConnections grew by ${more}`);
      const ownMore = Number((await countOf(token))["userConnections"]) - Number(own["userConnections"]);
      check(ownMore <= 0, `another user opened a stream, and the first user's userConnections grew by ${ownMore}`);
      const poked = await poke(context);
      check(
        poked["userId"] === own["userId"],
        `poke-user names the user ${show(poked["userId"])}, and stats ${show(own["userId"])}`,
      );
    },
  },
  {
    group: "Stats",
    name: "a closed stream is no longer counted",
    standard: quote("Automatic Cleanup: Removes disconnected clients automatically"),
    async run(context, scope) {
      const { connect, token } = context;
      const count = async (): Promise<number> => Number((await statsOf(context))["userConnections"]);
      const streams = [await connect(scope, token), await connect(scope, token), await connect(scope, token)];
      const open = await count();
      for (const stream of streams) stream.close();
      const from = performance.now();
      check(
        await eventually(async () => (await count()) <= open - streams.length, scope.patienceMs),
        `three of ${open} streams were closed, but userConnections is still ${await count()}`,
      );
      scope.measure("forgottenMs", performance.now() - from);
    },
  },
];

async function statsOf({ request, token }: ReplicacheContext): Promise<Readonly<Record<string, unknown>>> {
  const { status, body } = await request("GET", "/stats", token);
  check(status === 200, `GET /stats: ${status} ${show(body)}`);
  return body;
}

/** What holds for every stream that the cases before opened. */
const invariants: readonly Case<ReplicacheContext>[] = [
  {
    group: "Stream",
    name: "messages are connected, once, and then ping and sync",
    standard: quote("Message Types: data: connected, data: ping, data: sync"),
    async run({ streams, connect, token }, scope) {
      await connect(scope, token);
      judge(
        streams.map(({ recording }) => recording()),
        scope,
        ({ events }) => {
          // What the first message is, another case says.
          const kinds = events.slice(1).map(kindOf);
          return orderFault(POKE_STREAM, ["connected", ...kinds]);
        },
      );
    },
  },
  {
    group: "Stream",
    name: "every stream is well-formed, and stays open",
    standard: quote("Establish SSE connection for user-specific real-time notifications"),
    async run({ streams, connect, token }, scope) {
      await connect(scope, token);
      await pause(scope.clock.settleMs);
      judge(
        streams.map(({ recording }) => recording()),
        scope,
        ({ stream, end }) => {
          if (stream.invalidUtf8 !== undefined) return `bytes that are not UTF-8: ${show(stream.invalidUtf8)}`;
          const [problem] = stream.problems;
          if (problem) return `malformed stream, ${problem.code}: ${problem.text}`;
          return end === "completed" || end === "broken" ? `the server ended the stream: it was ${end}` : undefined;
        },
      );
    },
  },
];

export const replicacheCases: readonly Case<ReplicacheContext>[] = [
  authentication,
  ...streamCases,
  ...pokeCases,
  ...statsCases,
  ...invariants,
];
