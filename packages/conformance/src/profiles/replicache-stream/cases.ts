import type { Case } from "../../core/case.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import { pause } from "../../core/deadline.ts";
import type { Scope } from "../../core/scope.ts";
import { judge } from "../../model/judge.ts";
import { orderFault } from "../../model/stream-model.ts";
import type { Recording } from "../../stream/recording.ts";
import type { SseStream } from "../../stream/sse-stream.ts";
import { kindOf, POKE_RESPONSE, POKE_STREAM, quote } from "./model.ts";
import { checkFields, poke } from "./requests.ts";
import { statsCases } from "./stats-cases.ts";
import { type ReplicacheContext, syncsOf } from "./target.ts";

/** How many pings must come. */
const PINGS = 2;
const POKES = 2;

/** What is wrong with the messages after the first, which is the matter of another case. */
const kindsFault = ({ events }: Recording): string | undefined =>
  orderFault(POKE_STREAM, ["connected", ...events.slice(1).map(kindOf)]);

/** Whether it is a ping, right or wrong: neither the first message nor a poke. */
const isPeriodic = ({ data }: { readonly data: string }): boolean => !["connected", "sync"].includes(data);

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
        // A stream that opens later is poked as well.
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

/** What holds for every stream that the cases before opened. */
const invariants: readonly Case<ReplicacheContext>[] = [
  {
    group: "Stream",
    name: "messages are connected, once, and then ping and sync",
    standard: quote("Message Types: data: connected, data: ping, data: sync"),
    async run({ streams, first, connect, token }, scope) {
      // The other cases may end before the first ping.
      for (const stream of [first.stream, await connect(scope, token)])
        await stream.until((events) => events.some(isPeriodic), "a ping", scope.clock.silenceMs).catch(() => undefined);
      judge(
        streams.map(({ recording }) => recording()),
        scope,
        kindsFault,
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
