import { expect, test } from "bun:test";
import { array, assert, integer, property, string } from "fast-check";
import { type SseMessage, SseOverflow, SseParser } from "./sse-parser.ts";

interface Heard {
  readonly events: SseMessage[];
  readonly ids: string[];
  readonly retries: number[];
  readonly comments: string[];
  readonly problems: (readonly [code: string, text: string])[];
}

/** All that is heard of a stream whose bytes come in pieces of the given sizes, over and over. */
function hear(stream: string | Uint8Array, sizes: readonly number[] = [1 << 20], maxEventLength?: number): Heard {
  const heard: Heard = { events: [], ids: [], retries: [], comments: [], problems: [] };
  const parser = new SseParser(
    {
      onEvent: (event) => heard.events.push(event),
      onId: (id) => heard.ids.push(id),
      onRetry: (milliseconds) => heard.retries.push(milliseconds),
      onComment: (text) => heard.comments.push(text),
      onProblem: ({ code, text }) => heard.problems.push([code, text]),
    },
    maxEventLength,
  );
  const bytes = typeof stream === "string" ? new TextEncoder().encode(stream) : stream;
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    parser.feed(bytes.subarray(at, at + size));
    at += size;
  }
  parser.end();
  return heard;
}

const dataOf = ({ events }: Heard): string[] => events.map(({ data }) => data);

/** Cases of the standard's text and of what browsers are tested with: a stream, and the data of its events. */
const CASES: Readonly<Record<string, readonly [stream: string, data: readonly string[]]>> = {
  "lines of data are joined": ["data:a\ndata:b\ndata:\ndata:c\n\n", ["a\nb\n\nc"]],
  "one space behind the colon goes": ["data: a\n\ndata:  b\n\ndata:\tc\n\n", ["a", " b", "\tc"]],
  "a field without a colon has an empty value": ["data\n\ndata\ndata\n\n", ["", "\n"]],
  "an event without data is none": ["event:x\n\ndata:a\n\n", ["a"]],
  "lines end with CR, LF, or both": ["data:a\rdata:b\r\ndata:c\n\r\ndata:d\r\r", ["a\nb\nc", "d"]],
  "the byte order mark goes": ["\uFEFFdata:a\n\n", ["a"]],
  "a second byte order mark is part of a name": ["\uFEFF\uFEFFdata:a\n\ndata:b\n\n", ["b"]],
  "a byte order mark that comes later is part of a name": ["data:a\n\n\uFEFFdata:b\n\n", ["a"]],
  "names are lower case": ["DATA:a\n\nData:b\n\ndata:c\n\n", ["c"]],
  "a name with a space is another name": [" data:a\n\ndata :b\n\ndata:c\n\n", ["c"]],
  "a NUL in data is kept": ["data:a\0b\n\n", ["a\0b"]],
  "an event that the stream cuts off is none": ["data:a\n\ndata:b\n", ["a"]],
  "comments stand anywhere": [":x\ndata:a\n:y\ndata:b\n:\n\n", ["a\nb"]],
  "other characters than LF and CR end no line": ["data:a\u2028b\vc\u0085d\n\n", ["a\u2028b\vc\u0085d"]],
  "empty lines alone are nothing": ["\n\n\n\r\r\r\n", []],
};

for (const [name, [stream, data]] of Object.entries(CASES)) {
  test(`${name}, in one piece and byte by byte`, () => {
    expect(dataOf(hear(stream))).toEqual([...data]);
    expect(dataOf(hear(stream, [1]))).toEqual([...data]);
  });
}

test("an event is called `message` unless it has a name, and an empty name is none", () => {
  const { events } = hear("data:a\n\nevent:x\ndata:b\n\nevent:x\nevent:\ndata:c\n\ndata:d\n\n");
  expect(events.map(({ event }) => event)).toEqual(["message", "x", "message", "message"]);
});

test("the last id stays until another comes, an empty one included", () => {
  const { events } = hear("id:1\ndata:a\n\ndata:b\n\nid\ndata:c\n\nid: 2\nid:3\ndata:d\n\n");
  expect(events.map(({ id, lastEventId }) => [id, lastEventId])).toEqual([
    ["1", "1"],
    [undefined, "1"],
    ["", ""],
    ["3", "3"],
  ]);
});

test("an id without data moves the place, and is told where it stands between events", () => {
  const heard = hear(":\nid:7\n\ndata:a\n\n:\nid:8\n\n");
  expect(heard.events).toEqual([{ event: "message", data: "a", id: undefined, lastEventId: "7" }]);
  expect(heard.ids).toEqual(["7", "8"]);
});

test("an id of an event that was cut off does not count", () => {
  expect(hear("id:1\ndata:a\n\nid:2\ndata:b\n").events.map(({ lastEventId }) => lastEventId)).toEqual(["1"]);
});

test("an id with a NUL is ignored, and told", () => {
  const heard = hear("id:1\ndata:a\n\nid:2\0\ndata:b\n\n");
  expect(heard.events[1]?.lastEventId).toBe("1");
  expect(heard.problems).toEqual([["invalid-id", "id:2\0"]]);
});

test("only digits are a time to wait", () => {
  const heard = hear("retry:1500\n\nretry:-1\n\nretry:2s\n\nretry\n\n");
  expect(heard.retries).toEqual([1500]);
  expect(heard.problems.map(([, text]) => text)).toEqual(["retry:-1", "retry:2s", "retry"]);
});

test("what is no field, and what is no whole event, is told with its text", () => {
  expect(hear("<html>\ndata:a\n\ndata:half").problems).toEqual([
    ["unknown-field", "<html>"],
    ["incomplete-event", "data:half"],
  ]);
});

test("a line ends with its CR, whatever comes next", () => {
  const data: string[] = [];
  const parser = new SseParser({ onEvent: (event) => data.push(event.data) });
  parser.feed(new TextEncoder().encode("data:a\r\r"));
  expect(data).toEqual(["a"]);
  parser.feed(new TextEncoder().encode("\ndata:b\r\n\r"));
  expect(data).toEqual(["a", "b"]);
});

test("bytes that are no UTF-8 become replacement characters", () => {
  const bytes = Uint8Array.from([...new TextEncoder().encode("data:a"), 0xff, ...new TextEncoder().encode("b\n\n")]);
  expect(dataOf(hear(bytes))).toEqual(["a\uFFFDb"]);
});

test("an event that never ends is an error, as one line and as many", () => {
  expect(() => hear(`data:${"x".repeat(200)}`, [16], 100)).toThrow(SseOverflow);
  expect(() => hear("data:0123456789\n".repeat(20), [16], 100)).toThrow(SseOverflow);
  expect(dataOf(hear("data:0123456789\n\n".repeat(20), [16], 100))).toHaveLength(20);
});

test("events are the same wherever the network cuts them, in the middle of a character too", () => {
  const cuts = array(integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
  assert(
    property(array(string({ unit: "grapheme" }), { maxLength: 8 }), cuts, (texts, sizes) => {
      const stream = texts.map((text, i) => `:c\r\nid:${i}\nevent:e/*\rdata:${JSON.stringify(text)}\n\n:\nid:h\n\n`);
      const heard = hear(stream.join(""), sizes);
      expect(dataOf(heard)).toEqual(texts.map((text) => JSON.stringify(text)));
      expect(heard.ids).toEqual(texts.map(() => "h"));
      expect(heard.problems).toEqual([]);
    }),
  );
});
