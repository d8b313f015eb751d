import type { Fields } from "../../src/model/field.ts";
import { POKE_RESPONSE, STATS_RESPONSE } from "../../src/profiles/replicache-stream/model.ts";
import { replicacheStreamProfile } from "../../src/profiles/replicache-stream/profile.ts";
import type { ReplicacheTarget } from "../../src/profiles/replicache-stream/target.ts";
import { without } from "../framework/field-violations.ts";
import { type Frame, oddStyle } from "../framework/frame.ts";
import { judged } from "../framework/judge.ts";
import type { Mutant } from "../framework/mutant.ts";
import { changes, type Match, type OperatorName, type Violation, violations } from "../framework/operators.ts";
import { isAt, WHEN_TEXT, WHENS } from "../framework/when.ts";
import { type ReplicacheFaults, type ReplicachePeerOptions, startReplicachePeer } from "../peers/replicache-peer.ts";

const PING_MS = 800;

const mutant = (rule: string, name: string, options: Partial<ReplicachePeerOptions>): Mutant<ReplicacheTarget> => ({
  rule,
  name,
  open: (scope) => startReplicachePeer(scope, { pingMs: PING_MS, ...options }),
});

const faulty = (rule: string, name: string, faults: ReplicacheFaults): Mutant<ReplicacheTarget> =>
  mutant(rule, name, { faults });

const of = (rule: string, all: readonly Violation[]): Mutant<ReplicacheTarget>[] =>
  all.map(({ name, tamper }) => mutant(rule, name, { tamper }));

const isMessage =
  (word: string): Match =>
  ({ data }) =>
    data === word;

type Json = Readonly<Record<string, unknown>>;

/** Each field missing, of another type, or out of bounds. */
const responses = (
  what: string,
  fields: Fields,
  faultsOf: (change: (body: Json) => Json) => ReplicacheFaults,
): Mutant<ReplicacheTarget>[] =>
  Object.entries(fields).flatMap(([name, { type }]) => [
    faulty(
      `the fields of ${what}`,
      `leaves out ${name}`,
      faultsOf((body) => without(body, name)),
    ),
    ...type.wrong.map((value) =>
      faulty(
        `the fields of ${what}`,
        `has ${name} ${JSON.stringify(value)}`,
        faultsOf((body) => ({ ...body, [name]: value })),
      ),
    ),
  ]);

const header = (name: string, value: string | undefined): Mutant<ReplicacheTarget>[] =>
  WHENS.map((when) =>
    mutant("the headers", `has ${name} ${value ?? "missing"}, ${WHEN_TEXT[when]}`, {
      tamper: {
        head: ({ status, headers }, { number }) => {
          const { [name]: _, ...rest } = headers;
          const changed = value === undefined ? rest : { ...rest, [name]: value };
          return { status, headers: isAt(when, number) ? changed : headers };
        },
      },
    }),
  );

const renamed = (frame: Frame): Frame => ({ ...frame, event: frame.data });

const ORDER: Readonly<Record<string, readonly OperatorName[]>> = {
  connected: ["drop", "double", "reorder", "hold back", "stop half way", "hang before", "end before"],
  ping: ["drop", "hang before", "end before", "stop half way"],
  sync: ["drop", "drop the first", "hang before", "end before", "stop half way", "break half way"],
};

const streams: Mutant<ReplicacheTarget>[] = [
  ...Object.entries(ORDER).flatMap(([word, operators]) =>
    of(
      "what may follow what",
      violations(
        word,
        isMessage(word),
        operators,
        word === "connected" || word === "sync" ? WHENS : ["every", "later"],
      ),
    ),
  ),
  ...["connected", "ping", "sync"].flatMap((word) => [
    ...of("messages have no names", changes(`names ${word}`, isMessage(word), renamed)),
    ...of(
      "messages are words",
      changes(`quotes ${word}`, isMessage(word), (frame) => ({ ...frame, data: `"${word}"` })),
    ),
    ...of(
      "messages are words",
      changes(`sends ${word} as JSON`, isMessage(word), (frame) => ({ ...frame, data: `{"type":"${word}"}` })),
    ),
  ]),
  ...of(
    "messages are of three kinds",
    changes("sends hello after a sync", isMessage("sync"), (frame) => [frame, { data: "hello" }]),
  ),
  ...of("well-formed", [
    ...changes("sends a line that is no field", isMessage("sync"), (frame) => [{ raw: "poked\n" }, frame]),
    ...changes("sends bytes that are not UTF-8", isMessage("sync"), (frame) => [
      { raw: Uint8Array.of(0x3a, 0xff, 0x0a, 0x0a) },
      frame,
    ]),
    ...changes("sends an event without data", isMessage("sync"), (frame) => [frame, { raw: "event: sync\n\n" }]),
  ]),
  ...["text/plain", "application/json"].flatMap((type) => header("content-type", type)),
  ...["max-age=60", undefined].flatMap((value) => header("cache-control", value)),
  ...["null", undefined].flatMap((value) => header("access-control-allow-origin", value)),
  ...header("connection", "close"),
  ...[1, 0].map((last) => faulty("pings go on", `stops after ping ${last}`, { pings: (count) => count <= last })),
  faulty("pings go on", "sends one ping in four", { pings: (count) => count % 4 === 0 }),
];

const knows = (token: string | undefined): string | undefined =>
  token === "token-a" ? "ann" : token === "token-b" ? "ben" : undefined;

const users: Mutant<ReplicacheTarget>[] = [
  ...["/stream", "/poke-user", "/stats"].flatMap((endpoint) => [
    faulty("tokens", `lets anyone in at ${endpoint}`, {
      userOf: (token, path) => knows(token) ?? (path === endpoint ? "nobody" : undefined),
    }),
    faulty("tokens", `accepts forged tokens at ${endpoint}`, {
      userOf: (token, path) => knows(token) ?? (path === endpoint && token !== undefined ? "nobody" : undefined),
    }),
    faulty("tokens", `lets requests without a token in at ${endpoint}`, {
      userOf: (token, path) => knows(token) ?? (path === endpoint && token === undefined ? "nobody" : undefined),
    }),
  ]),
  faulty("users are apart", "pokes everyone", { poked: (_, all) => all }),
  faulty("users are apart", "pokes a stream of another user", {
    poked: (own, all) => [...own, ...all.filter((each) => !own.includes(each)).slice(0, 1)],
  }),
  faulty("users are apart", "takes all users for one", { userOf: (token) => knows(token) && "ann" }),
  faulty("each poke", "pokes nobody", { poked: () => [] }),
  faulty("each poke", "pokes the oldest stream only", { poked: (own) => own.slice(0, 1) }),
  faulty("each poke", "pokes the newest stream only", { poked: (own) => own.slice(-1) }),
  faulty("each poke", "pokes two streams at most", { poked: (own) => own.slice(0, 2) }),
  faulty("each poke", "pokes once and no more", { poked: pokesOnce() }),
  faulty("each poke", "answers 202", { pokeStatus: 202 }),
  faulty("pushes", "does not poke after a push", { pushes: () => [] }),
  faulty("pushes", "pokes one stream after a push", { pushes: (own) => own.slice(0, 1) }),
  faulty("pushes", "answers 500", { pushStatus: 500 }),
];

function pokesOnce(): NonNullable<ReplicacheFaults["poked"]> {
  const done = new WeakSet<object>();
  return (own) => {
    const fresh = own.filter((writer) => !done.has(writer));
    for (const writer of fresh) done.add(writer);
    return fresh;
  };
}

const add = (name: string, more: number) => (body: Json) => ({ ...body, [name]: Number(body[name]) + more });

const answers: Mutant<ReplicacheTarget>[] = [
  ...responses("poke-user", POKE_RESPONSE, (pokeResponse) => ({ pokeResponse })),
  ...responses("stats", STATS_RESPONSE, (statsResponse) => ({ statsResponse })),
  faulty("poke-user counts", "counts one stream too few", { pokeResponse: add("clientsNotified", -1) }),
  faulty("poke-user counts", "always says one", { pokeResponse: (body) => ({ ...body, clientsNotified: 1 }) }),
  faulty("poke-user names the user", "names another user", { pokeResponse: (body) => ({ ...body, userId: "carl" }) }),
  faulty("stats count", "counts one stream too few", { statsResponse: add("userConnections", -1) }),
  faulty("stats count", "always says one", { statsResponse: (body) => ({ ...body, userConnections: 1 }) }),
  faulty("stats count", "counts fewer in all than of the user", {
    statsResponse: (body) => ({ ...body, totalConnections: 0 }),
  }),
  faulty("stats count", "counts all streams as the user's", {
    statsResponse: (body) => ({ ...body, userConnections: body["totalConnections"] }),
  }),
  faulty("stats are of the user", "names everyone the same", { statsResponse: (body) => ({ ...body, userId: "ann" }) }),
  faulty("stats count users apart", "counts the first user's streams for everyone", {
    statsResponse: (body) => ({ ...body, userConnections: body["userId"] === "ben" ? 3 : body["userConnections"] }),
  }),
  faulty("closed streams are forgotten", "counts closed streams", { keepsClosed: true }),
];

export const replicacheSuite = judged({
  profile: replicacheStreamProfile,
  mutants: [...streams, ...users, ...answers],
  odd: (random, scope) =>
    startReplicachePeer(scope, {
      pingMs: (PING_MS * random.between(50, 110)) / 100,
      style: oddStyle(random, 10),
      faults: {
        pokeResponse: (body) => ({ extra: [1], ...body, message: random.pick(["Gestoßen", "ok"]) }),
        statsResponse: (body) => ({
          ...body,
          timestamp: "2024-02-29T23:59:59+00:00",
          totalConnections: Number(body["totalConnections"]) + 7,
        }),
        // A server may poke more than once.
        ...(random.chance(0.3) && { poked: (own: readonly object[]) => [...own, ...own] as never }),
      },
      headers: {
        "content-type": random.pick(["text/event-stream", "text/event-stream; charset=utf-8"]),
        "cache-control": random.pick(["no-cache", "no-store, no-transform"]),
        "access-control-allow-origin": "*",
      },
    }),
  clock: { heartbeatMs: PING_MS, patienceMs: 1_200, settleMs: 120 },
});
