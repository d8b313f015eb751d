import type { Faults } from "./sse-server.ts";

/** A server with one fault, the case that is meant for it, and what the message must name. */
export interface BrokenSse {
  readonly fault: string;
  readonly faults: Faults;
  readonly found: string;
  readonly message: RegExp;
  /** Whether events come by themselves only. */
  readonly untriggered?: true;
}

const event = (id: number, data: string): string => `id:e.${id}\nevent:tick\ndata:${data}\n\n`;

export const BROKEN_SSE_SERVERS: readonly BrokenSse[] = [
  {
    fault: "answers 201",
    faults: { status: 201 },
    found: "the status is 200",
    message: /the status is 201/,
  },
  {
    fault: "says that it is JSON",
    faults: { headers: { "content-type": "application/json" } },
    found: "the type is text/event-stream",
    message: /application\/json, not text\/event-stream/,
  },
  {
    fault: "announces Latin-1",
    faults: { headers: { "content-type": "text/event-stream; charset=iso-8859-1" } },
    found: "no other encoding than UTF-8 is announced",
    message: /announces charset iso-8859-1/,
  },
  {
    fault: "lets caches keep the stream",
    faults: { headers: { "cache-control": "public, max-age=60" } },
    found: "nobody on the way may keep the answer",
    message: /Cache-Control is public, max-age=60/,
  },
  {
    fault: "announces a length",
    faults: { headers: { "content-length": "100000" } },
    found: "the stream announces no length",
    message: /Content-Length is 100000/,
  },
  {
    fault: "sends Latin-1",
    faults: { greeting: Buffer.from("data:caf\u00e9\n\n", "latin1") },
    found: "the bytes are UTF-8",
    message: /no UTF-8: "data:caf/,
  },
  {
    fault: "breaks data over lines without naming the field",
    faults: { encode: (id) => event(id, `{\n"n":${id}\n}`) },
    found: "every line is a field, a comment or empty",
    message: /a line that is no field, perhaps data with a line break: "\\"n\\":1"/,
  },
  {
    fault: "sends events without data",
    faults: { greeting: "event:hello\n\n" },
    found: "every named event has data",
    message: /without data, which no client hears of: "event:hello"/,
  },
  {
    fault: "says retry in seconds",
    faults: { greeting: "retry:3s\n\n" },
    found: "retry is a number of milliseconds",
    message: /not only digits: "retry:3s"/,
  },
  {
    fault: "puts NULL into ids",
    faults: { greeting: "id:a\0b\ndata:{}\n\n" },
    found: "ids have no NULL",
    message: /U\+0000/,
  },
  {
    fault: "ends within an event",
    faults: { ends: { afterMs: 150, bytes: 'event:bye\ndata:{"n":0}\n' }, heartbeat: false },
    found: "the last event ends with an empty line",
    message: /ends within an event, which is lost/,
    untriggered: true,
  },
  {
    fault: "sends data that is no JSON",
    faults: { encode: (id) => event(id, `{'n':${id}}`) },
    found: "data is JSON, and events have names",
    message: /the data of tick is no JSON: "\{'n':1\}"/,
  },
  {
    fault: "sends events that have no name",
    faults: { encode: (id) => `id:e.${id}\ndata:{"n":${id}}\n\n` },
    found: "data is JSON, and events have names",
    message: /an event without a name/,
  },
  {
    fault: "holds everything back to the end",
    faults: { holdsBackMs: 250, greeting: "" },
    found: "what is sent arrives at once, and not with the end",
    message: /then everything with the end: somebody buffers/,
    untriggered: true,
  },
  {
    fault: "gives out ids that go back",
    faults: { idOf: (count) => 1_000 - count, replay: (last, all) => all.filter((id) => id < last) },
    found: "events come in the order of what they tell",
    message: /the id "e\.\d+" came after "e\.\d+": out of order/,
  },
  {
    fault: "gives two events one id",
    faults: { idOf: () => 7, replay: () => [] },
    found: "events come in the order of what they tell",
    message: /the id "e\.7" came twice/,
  },
  {
    fault: "falls silent",
    faults: { heartbeat: false },
    found: "a quiet stream gets a sign of life",
    message: /no byte came for 1000 ms/,
  },
  {
    fault: "refuses who comes back",
    faults: { laterStatus: 500 },
    found: "a client that was cut can come back",
    message: /the second connection got 500/,
    untriggered: true,
  },
  {
    fault: "ignores Last-Event-ID",
    faults: { replay: () => [] },
    found: "Last-Event-ID brings what came after it, once and in order",
    message: /is lost: the gap is silent/,
  },
  {
    fault: "repeats the event that was named",
    faults: { replay: (last, all) => all.filter((id) => id >= last) },
    found: "Last-Event-ID brings what came after it, once and in order",
    message: /was given as Last-Event-ID, and came again/,
  },
  {
    fault: "replays backwards",
    faults: { replay: (last, all) => all.filter((id) => id > last).reverse() },
    found: "Last-Event-ID brings what came after it, once and in order",
    message: /the replay is/,
  },
];
