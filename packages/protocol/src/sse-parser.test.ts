import { expect, test } from "bun:test";
import { array, assert, integer, property, string } from "fast-check";
import { type SseMessage, SseOverflow, SseParser } from "./sse-parser.ts";

interface Parsed {
  readonly events: SseMessage[];
  readonly ids: string[];
  readonly retries: number[];
  readonly comments: string[];
  readonly problems: (readonly [code: string, text: string])[];
}

/** Parses a stream in chunks of the given sizes, repeated. */
function parse(stream: string | Uint8Array, sizes: readonly number[] = [1 << 20], maxEventLength?: number): Parsed {
  const parsed: Parsed = { events: [], ids: [], retries: [], comments: [], problems: [] };
  const parser = new SseParser(
    {
      onEvent: (event) => parsed.events.push(event),
      onId: (id) => parsed.ids.push(id),
      onRetry: (milliseconds) => parsed.retries.push(milliseconds),
      onComment: (text) => parsed.comments.push(text),
      onProblem: ({ code, text }) => parsed.problems.push([code, text]),
    },
    maxEventLength,
  );
  const bytes = typeof stream === "string" ? new TextEncoder().encode(stream) : stream;
  for (let at = 0, chunk = 0; at < bytes.length; chunk += 1) {
    const size = sizes[chunk % sizes.length]!;
    parser.feed(bytes.subarray(at, at + size));
    at += size;
  }
  parser.end();
  return parsed;
}

const dataOf = ({ events }: Parsed): string[] => events.map(({ data }) => data);

/** Cases from the standard and from the web platform tests: a stream, and the data of its events. */
const CASES: Readonly<Record<string, readonly [stream: string, data: readonly string[]]>> = {
  "data lines are joined": ["data:a\ndata:b\ndata:\ndata:c\n\n", ["a\nb\n\nc"]],
  "one space after the colon is removed": ["data: a\n\ndata:  b\n\ndata:\tc\n\n", ["a", " b", "\tc"]],
  "a field without a colon has an empty value": ["data\n\ndata\ndata\n\n", ["", "\n"]],
  "an event without data is ignored": ["event:x\n\ndata:a\n\n", ["a"]],
  "lines end with CR, LF, or both": ["data:a\rdata:b\r\ndata:c\n\r\ndata:d\r\r", ["a\nb\nc", "d"]],
  "the byte order mark is removed": ["\uFEFFdata:a\n\n", ["a"]],
  "a second byte order mark is part of the field name": ["\uFEFF\uFEFFdata:a\n\ndata:b\n\n", ["b"]],
  "a later byte order mark is part of the field name": ["data:a\n\n\uFEFFdata:b\n\n", ["a"]],
  "field names are lower case": ["DATA:a\n\nData:b\n\ndata:c\n\n", ["c"]],
  "a field name with a space is an unknown field": [" data:a\n\ndata :b\n\ndata:c\n\n", ["c"]],
  "a NUL in data is kept": ["data:a\0b\n\n", ["a\0b"]],
  "an incomplete event at the end is ignored": ["data:a\n\ndata:b\n", ["a"]],
  "comments may be anywhere": [":x\ndata:a\n:y\ndata:b\n:\n\n", ["a\nb"]],
  "only LF and CR end a line": ["data:a\u2028b\vc\u0085d\n\n", ["a\u2028b\vc\u0085d"]],
  "empty lines alone are ignored": ["\n\n\n\r\r\r\n", []],
};

for (const [name, [stream, data]] of Object.entries(CASES)) {
  test(`${name}, in one chunk and byte by byte`, () => {
    expect(dataOf(parse(stream))).toEqual([...data]);
    expect(dataOf(parse(stream, [1]))).toEqual([...data]);
  });
}

test("an event is named `message` if it has no name or an empty one", () => {
  const { events } = parse("data:a\n\nevent:x\ndata:b\n\nevent:x\nevent:\ndata:c\n\ndata:d\n\n");
  expect(events.map(({ event }) => event)).toEqual(["message", "x", "message", "message"]);
});

test("the last id stays until the next one, even if that is empty", () => {
  const { events } = parse("id:1\ndata:a\n\ndata:b\n\nid\ndata:c\n\nid: 2\nid:3\ndata:d\n\n");
  expect(events.map(({ id, lastEventId }) => [id, lastEventId])).toEqual([
    ["1", "1"],
    [undefined, "1"],
    ["", ""],
    ["3", "3"],
  ]);
});

test("an id without data changes the last event id and is reported between events", () => {
  const parsed = parse(":\nid:7\n\ndata:a\n\n:\nid:8\n\n");
  expect(parsed.events).toEqual([{ event: "message", data: "a", id: undefined, lastEventId: "7" }]);
  expect(parsed.ids).toEqual(["7", "8"]);
});

test("the id of an incomplete event does not count", () => {
  expect(parse("id:1\ndata:a\n\nid:2\ndata:b\n").events.map(({ lastEventId }) => lastEventId)).toEqual(["1"]);
});

test("an id with a NUL is ignored and reported", () => {
  const parsed = parse("id:1\ndata:a\n\nid:2\0\ndata:b\n\n");
  expect(parsed.events[1]?.lastEventId).toBe("1");
  expect(parsed.problems).toEqual([["invalid-id", "id:2\0"]]);
});

test("a reconnection time consists of digits only", () => {
  const parsed = parse("retry:1500\n\nretry:-1\n\nretry:2s\n\nretry\n\n");
  expect(parsed.retries).toEqual([1500]);
  expect(parsed.problems.map(([, text]) => text)).toEqual(["retry:-1", "retry:2s", "retry"]);
});

test("an unknown field and an incomplete event are reported with their text", () => {
  expect(parse("<html>\ndata:a\n\ndata:half").problems).toEqual([
    ["unknown-field", "<html>"],
    ["incomplete-event", "data:half"],
  ]);
});

test("a CR ends the line without waiting for the next byte", () => {
  const data: string[] = [];
  const parser = new SseParser({ onEvent: (event) => data.push(event.data) });
  parser.feed(new TextEncoder().encode("data:a\r\r"));
  expect(data).toEqual(["a"]);
  parser.feed(new TextEncoder().encode("\ndata:b\r\n\r"));
  expect(data).toEqual(["a", "b"]);
});

test("invalid UTF-8 becomes replacement characters", () => {
  const bytes = Uint8Array.from([...new TextEncoder().encode("data:a"), 0xff, ...new TextEncoder().encode("b\n\n")]);
  expect(dataOf(parse(bytes))).toEqual(["a\uFFFDb"]);
});

test("an event beyond the limit is an error, in one line or in many", () => {
  expect(() => parse(`data:${"x".repeat(200)}`, [16], 100)).toThrow(SseOverflow);
  expect(() => parse("data:0123456789\n".repeat(20), [16], 100)).toThrow(SseOverflow);
  expect(dataOf(parse("data:0123456789\n\n".repeat(20), [16], 100))).toHaveLength(20);
});

test("chunk boundaries don't matter, even inside a character", () => {
  const cuts = array(integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
  assert(
    property(array(string({ unit: "grapheme" }), { maxLength: 8 }), cuts, (texts, sizes) => {
      const stream = texts.map((text, i) => `:c\r\nid:${i}\nevent:e/*\rdata:${JSON.stringify(text)}\n\n:\nid:h\n\n`);
      const parsed = parse(stream.join(""), sizes);
      expect(dataOf(parsed)).toEqual(texts.map((text) => JSON.stringify(text)));
      expect(parsed.ids).toEqual(texts.map(() => "h"));
      expect(parsed.problems).toEqual([]);
    }),
  );
});

test.each([
  ["data:a\n\n: bye\n", []],
  ["data:a\n\n: bye", []],
  ["data:a\n\n", []],
  ["data:a\n\nid:7\n", ["incomplete-event"]],
  ["data:a\n\nevent:x\n", ["incomplete-event"]],
  ["data:a\n\nda", ["incomplete-event"]],
])("a comment at the end of a stream is complete, a field is not: %j", (stream, codes) => {
  expect(parse(stream).problems.map(([code]) => code)).toEqual(codes);
});
