import { jsonSseProfile } from "../../src/profiles/sse/profile.ts";
import type { SseTarget } from "../../src/profiles/sse/target.ts";
import { type Frame, oddStyle } from "../framework/frame.ts";
import { judged } from "../framework/judge.ts";
import type { Mutant } from "../framework/mutant.ts";
import { changes, type Match, type Violation, violations } from "../framework/operators.ts";
import type { Random } from "../framework/random.ts";
import type { Tamper } from "../framework/tamper.ts";
import { isAt, WHEN_TEXT, WHENS } from "../framework/when.ts";
import { type SseFaults, type SsePeerOptions, startSsePeer } from "../peers/sse-peer.ts";

const HEARTBEAT_MS = 250;

type Options = Partial<SsePeerOptions> & { readonly untriggered?: true };

const mutant = (rule: string, name: string, options: Options): Mutant<SseTarget> => ({
  rule,
  name,
  async open(scope) {
    const { trigger, ...target } = await startSsePeer(scope, { heartbeatMs: HEARTBEAT_MS, ...options });
    return options.untriggered ? target : { ...target, trigger };
  },
});

const faulty = (rule: string, name: string, faults: SseFaults, options: Options = {}): Mutant<SseTarget> =>
  mutant(rule, name, { ...options, faults });

const of = (rule: string, all: readonly Violation[]): Mutant<SseTarget>[] =>
  all.map(({ name, tamper }) => mutant(rule, name, { tamper }));

/** A header, or the status, that is wrong on every connection, on the first and on later ones. */
const heads = (rule: string, name: string, change: NonNullable<Tamper["head"]>): Mutant<SseTarget>[] =>
  WHENS.map((when) =>
    mutant(rule, `${name}, ${WHEN_TEXT[when]}`, {
      tamper: { head: (head, connection) => (isAt(when, connection.number) ? change(head, connection) : head) },
    }),
  );

const header = (rule: string, name: string, value: string): Mutant<SseTarget>[] =>
  heads(rule, `declares ${name} ${value}`, ({ status, headers }) => ({
    status,
    headers: { ...headers, [name]: value },
  }));

const headers: Mutant<SseTarget>[] = [
  ...[201, 206, 302, 404, 500, 503].flatMap((status) =>
    heads("the status is 200", `answers ${status}`, (head) => ({ ...head, status })),
  ),
  ...["application/json", "text/plain", "text/event-streams", "text/html; charset=utf-8"].flatMap((type) =>
    header("the content type", "content-type", type),
  ),
  ...["iso-8859-1", "utf-16", '"latin1"'].flatMap((charset) =>
    header("the charset is UTF-8", "content-type", `text/event-stream; charset=${charset}`),
  ),
  ...["public, max-age=60", "private", ""].flatMap((value) => header("caches", "cache-control", value)),
  ...header("the length is open", "content-length", "100000"),
];

const isTick: Match = ({ event }) => event === "tick";

const rawAfter = (rule: string, name: string, raw: string | Uint8Array): Mutant<SseTarget>[] =>
  of(
    rule,
    changes(name, isTick, (frame) => [frame, { raw }]),
  );

const format: Mutant<SseTarget>[] = [
  ...rawAfter("UTF-8", "sends Latin-1", Buffer.from(":caf\u00e9\n\n", "latin1")),
  ...rawAfter("UTF-8", "cuts a character in half", Uint8Array.of(0x3a, 0xf0, 0x9f, 0x0a, 0x0a)),
  ...rawAfter("lines are fields", "prints a warning between events", "WARN slow client\n"),
  ...rawAfter("lines are fields", "writes field names in capitals", "DATA: 1\n\n"),
  ...rawAfter("lines are fields", "indents fields", ' data: {"n":0}\n\n'),
  ...of(
    "lines are fields",
    changes("breaks lines of data without repeating the field name", isTick, ({ id, event, data }) => ({
      raw: `id: ${id}\nevent: ${event}\ndata: ${data!.replace("{", "{\n")}\n\n`,
    })),
  ),
  ...rawAfter("events have data", "sends events without data", "event: hello\n\n"),
  ...of(
    "events have data",
    changes("sends data after the empty line", isTick, (frame) => [frame, { raw: "event: more\n\ndata: {}\n" }, frame]),
  ),
  ...["3s", "-1", "1.5", "", "0x10"].flatMap((value) =>
    rawAfter("retry is a number", `sends retry ${JSON.stringify(value)}`, `retry: ${value}\n\n`),
  ),
  ...rawAfter("retry is in milliseconds", "sends retry in nanoseconds", "retry: 3000000000\n\n"),
  ...rawAfter("ids have no NULL", "puts NULL into ids", "id: a\0b\n\n"),
  ...of("data is JSON", [
    ...changes("sends Python literals", isTick, (frame) => ({ ...frame, data: frame.data!.replaceAll('"', "'") })),
    ...changes("sends NaN", isTick, (frame) => ({ ...frame, data: '{"n":NaN}' })),
    ...changes("sends data without names", isTick, (frame) => ({ ...frame, event: undefined })),
    ...changes("sends empty names", isTick, (frame) => ({ ...frame, event: "" })),
  ]),
  ...["id: 9\n", 'event: bye\ndata: {"n":0}\n', "data: {"].map((bytes) =>
    faulty(
      "the last event is whole",
      `ends with ${JSON.stringify(bytes)}`,
      { ends: { afterMs: 150, bytes }, beats: () => false },
      { untriggered: true },
    ),
  ),
];

const flow: Mutant<SseTarget>[] = [
  ...of("events arrive when they are sent", [
    ...violations("the events", isTick, ["hold back until the next of"], ["every", "first"]),
    ...changes("delays events", isTick, (frame) => [{ waitMs: 2_500 }, frame], ["every", "first"]),
  ]),
  faulty(
    "events arrive when they are sent",
    "holds everything back until the end",
    { holdsBackMs: 300 },
    { greeting: {}, untriggered: true },
  ),
  ...of(
    "each event arrives",
    violations("events", isTick, ["drop", "drop the first", "stop half way", "break half way", "hang before"]),
  ),
  ...of("each event arrives once", violations("events", isTick, ["double", "double the first"])),
  ...of("order", violations("an event", isTick, ["reorder"], ["later"])),
  ...of("each connection gets each event", violations("the first event", isTick, ["drop the first"], ["second"])),
  ...of("each connection gets each event", violations("events", isTick, ["drop", "hang before"], ["second"])),
  faulty("order", "numbers events downwards", {
    numberOf: (count) => 1_000 - count,
    replay: (last, all) => all.filter((number) => number < last),
  }),
  faulty("ids", "gives all events the same id", { numberOf: () => 7, replay: () => [] }),
  faulty("heartbeats", "sends none", { beats: () => false }),
  ...[1, 2, 4].map((last) =>
    faulty("heartbeats go on", `stops after heartbeat ${last}`, { beats: (count) => count <= last }),
  ),
  faulty("heartbeats", "sends one in four", { beats: (count) => count % 4 === 0 }),
  ...of(
    "heartbeats",
    changes(
      "sends none",
      ({ comment }) => comment === "",
      () => [],
    ),
  ),
];

const after = (last: number, all: readonly number[]): readonly number[] => all.filter((number) => number > last);

const reconnect: Mutant<SseTarget>[] = [
  faulty("Last-Event-ID", "ignores it", { replay: () => [] }),
  faulty("Last-Event-ID", "replays everything", { replay: (_, all) => all }),
  faulty("Last-Event-ID", "repeats the event that it names", { replay: (last, all) => all.filter((n) => n >= last) }),
  faulty("Last-Event-ID", "skips one event", { replay: (last, all) => after(last + 1, all) }),
  faulty("Last-Event-ID", "replays backwards", { replay: (last, all) => after(last, all).toReversed() }),
  faulty("Last-Event-ID", "replays the last three events at most", {
    replay: (last, all) => after(last, all).slice(-3),
  }),
  faulty("Last-Event-ID", "leaves the last event out of a replay", {
    replay: (last, all) => after(last, all).slice(0, -1),
  }),
  faulty("Last-Event-ID", "replays each event twice", {
    replay: (last, all) => after(last, all).flatMap((n) => [n, n]),
  }),
  faulty("Last-Event-ID", "replays on the first reconnect only", {
    replay: (last, all, { number }) => (number > 3 ? [] : after(last, all)),
  }),
  faulty("Last-Event-ID", "replays without ids", { replayed: (frame) => ({ ...frame, id: undefined }) }),
  faulty("during a replay", "loses what comes during a replay", { duringReplay: "lost" }),
  faulty("during a replay", "doubles the first live event after a replay", { duringReplay: "doubled" }),
  faulty("an id names one event", "replays under another name", {
    replayed: (frame) => ({ ...frame, event: "replay" }),
  }),
  faulty("an id names one event", "replays without a name", {
    replayed: (frame) => ({ ...frame, event: undefined }),
  }),
  faulty("an id names one event", "replays with other data", { replayed: (frame) => ({ ...frame, data: '{"n":0}' }) }),
  faulty("an id names one event", "marks what it replays", {
    replayed: (frame) => ({ ...frame, data: frame.data!.replace("}", ',"replayed":true}') }),
  }),
  faulty("ids go on", "starts ids again on each connection", { idOf: (_, __, sent) => `e.${sent}` }),
  faulty("ids go on", "starts ids again when a client resumes", {
    idOf: (number, { lastEventId }, sent) => (lastEventId === undefined ? `e.${number}` : `e.${sent}`),
  }),
  faulty("ids go on", "gives new ids to what comes after a reconnect", {
    idOf: (number, { lastEventId, number: connection }) =>
      lastEventId === undefined ? `e.${number}` : `c${connection}.${number}`,
  }),
  ...[404, 500, 401].map((status) =>
    mutant("clients can reconnect", `answers ${status} to Last-Event-ID`, {
      tamper: { head: (head, { lastEventId }) => (lastEventId === undefined ? head : { ...head, status }) },
    }),
  ),
  mutant("clients can reconnect", "declares JSON to Last-Event-ID", {
    tamper: {
      head: ({ status, headers: fields }, { lastEventId }) => ({
        status,
        headers: lastEventId === undefined ? fields : { ...fields, "content-type": "application/json" },
      }),
    },
  }),
];

const TEXTS = ["a", "Größe 🦩", "\u2028\u2029\u0085", "data: x", ":", "\ufeff", "{}"];

/** Right events of any shape; data is always JSON. */
const oddEvent =
  (random: Random) =>
  (number: number): Frame => ({
    event: random.pick(["tick", "Tick tock", "ünïcode"]),
    data: JSON.stringify(random.pick([{ n: number, text: random.pick(TEXTS) }, [number, random.pick(TEXTS)]])),
  });

function oddPeer(random: Random): SsePeerOptions {
  const prefix = random.pick(["e", "", "x y", "ä-1"]);
  const events = new Map<number, Frame>();
  const make = oddEvent(random);
  const isTagged = random.chance(0.3);
  return {
    heartbeatMs: (HEARTBEAT_MS * random.between(40, 100)) / 100,
    style: oddStyle(random, 10),
    greeting: isTagged
      ? { event: "hello", data: "{}" }
      : random.pick<Frame>([
          { comment: " hi" },
          { event: "hello", data: "{}" },
          { raw: "retry: 20\n\n" },
          { raw: "\n\n" },
        ]),
    makeEvent(number, connection) {
      // The same on every connection, but for what is about the connection.
      const frame = events.get(number) ?? make(number);
      events.set(number, frame);
      return isTagged ? { ...frame, data: `{"connection":${connection.number},"about":${frame.data}}` } : frame;
    },
    faults: { idOf: (number) => `${prefix}.${number * 7}`, replay: (last, all) => all.filter((n) => n * 7 > last) },
    headers: random.pick<Record<string, string>>([
      { "content-type": "text/event-stream", "cache-control": "no-store" },
      {
        "Content-Type": 'TEXT/event-stream;charset="UTF-8"',
        "Cache-Control": "No-Cache, no-transform",
        "X-Accel-Buffering": "no",
      },
    ]),
  };
}

export const sseSuite = judged({
  profile: jsonSseProfile,
  mutants: [...headers, ...format, ...flow, ...reconnect],
  odd: (random, scope) => startSsePeer(scope, oddPeer(random)),
  clock: { heartbeatMs: HEARTBEAT_MS, patienceMs: 1_200, listenMs: 300, settleMs: 150 },
});
