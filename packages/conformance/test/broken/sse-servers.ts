import type { Faults } from "./sse-server.ts";

/** A server with one fault, the case that catches it, and the message that the case must fail with. */
export interface BrokenSse {
  readonly fault: string;
  readonly faults: Faults;
  readonly caughtBy: string;
  readonly message: RegExp;
  /** Runs the profile without a trigger. */
  readonly untriggered?: true;
}

const event = (id: number, data: string): string => `id:e.${id}\nevent:tick\ndata:${data}\n\n`;

export const BROKEN_SSE_SERVERS: readonly BrokenSse[] = [
  {
    fault: "responds 201",
    faults: { status: 201 },
    caughtBy: "the status is 200",
    message: /the status is 201/,
  },
  {
    fault: "declares JSON",
    faults: { headers: { "content-type": "application/json" } },
    caughtBy: "the content type is text/event-stream",
    message: /application\/json, not text\/event-stream/,
  },
  {
    fault: "declares Latin-1",
    faults: { headers: { "content-type": "text/event-stream; charset=iso-8859-1" } },
    caughtBy: "no charset other than UTF-8 is declared",
    message: /declares charset iso-8859-1/,
  },
  {
    fault: "allows caching",
    faults: { headers: { "cache-control": "public, max-age=60" } },
    caughtBy: "caches may not reuse the response",
    message: /Cache-Control is public, max-age=60/,
  },
  {
    fault: "sends a Content-Length",
    faults: { headers: { "content-length": "100000" } },
    caughtBy: "the response has no Content-Length",
    message: /Content-Length is 100000/,
  },
  {
    fault: "sends Latin-1",
    faults: { greeting: Buffer.from("data:caf\u00e9\n\n", "latin1") },
    caughtBy: "the stream is valid UTF-8",
    message: /not UTF-8: "data:caf/,
  },
  {
    fault: "splits data into lines without repeating the field name",
    faults: { encode: (id) => event(id, `{\n"n":${id}\n}`) },
    caughtBy: "every line is a field, a comment or empty",
    message: /a line that is not a field, perhaps a line break in data: "\\"n\\":1"/,
  },
  {
    fault: "sends events without data",
    faults: { greeting: "event:hello\n\n" },
    caughtBy: "every named event has data",
    message: /without data, which clients do not dispatch: "event:hello"/,
  },
  {
    fault: "sends retry in seconds",
    faults: { greeting: "retry:3s\n\n" },
    caughtBy: "retry is a number of milliseconds",
    message: /characters other than digits: "retry:3s"/,
  },
  {
    fault: "puts NULL into ids",
    faults: { greeting: "id:a\0b\ndata:{}\n\n" },
    caughtBy: "ids do not contain NULL",
    message: /U\+0000/,
  },
  {
    fault: "ends in the middle of an event",
    faults: { ends: { afterMs: 150, bytes: 'event:bye\ndata:{"n":0}\n' }, heartbeat: false },
    caughtBy: "the last event ends with an empty line",
    message: /ends in the middle of an event, which is lost/,
    untriggered: true,
  },
  {
    fault: "sends data that is not JSON",
    faults: { encode: (id) => event(id, `{'n':${id}}`) },
    caughtBy: "data is JSON, and events have names",
    message: /the data of tick is not JSON: "\{'n':1\}"/,
  },
  {
    fault: "sends events without names",
    faults: { encode: (id) => `id:e.${id}\ndata:{"n":${id}}\n\n` },
    caughtBy: "data is JSON, and events have names",
    message: /an event without a name/,
  },
  {
    fault: "holds everything back until the end",
    faults: { holdsBackMs: 250, greeting: "" },
    caughtBy: "events arrive when they are sent, not when the stream ends",
    message: /then everything at the end: the stream is buffered/,
    untriggered: true,
  },
  {
    fault: "sends descending ids",
    faults: { idOf: (count) => 1_000 - count, replay: (last, all) => all.filter((id) => id < last) },
    caughtBy: "events arrive in causal order",
    message: /the id "e\.\d+" came after "e\.\d+": out of order/,
  },
  {
    fault: "gives two events the same id",
    faults: { idOf: () => 7, replay: () => [] },
    caughtBy: "events arrive in causal order",
    message: /the id "e\.7" came twice/,
  },
  {
    fault: "goes silent",
    faults: { heartbeat: false },
    caughtBy: "an idle stream gets a heartbeat",
    message: /no byte arrived for 1000 ms/,
  },
  {
    fault: "rejects clients that reconnect",
    faults: { laterStatus: 500 },
    caughtBy: "a disconnected client can reconnect",
    message: /the second connection gets 500/,
    untriggered: true,
  },
  {
    fault: "ignores Last-Event-ID",
    faults: { replay: () => [] },
    caughtBy: "Last-Event-ID replays what came after it, once and in order",
    message: /is missing without notice/,
  },
  {
    fault: "repeats the event that Last-Event-ID names",
    faults: { replay: (last, all) => all.filter((id) => id >= last) },
    caughtBy: "Last-Event-ID replays what came after it, once and in order",
    message: /was sent as Last-Event-ID, but came again/,
  },
  {
    fault: "replays backwards",
    faults: { replay: (last, all) => all.filter((id) => id > last).reverse() },
    caughtBy: "Last-Event-ID replays what came after it, once and in order",
    message: /the replay is/,
  },
];
