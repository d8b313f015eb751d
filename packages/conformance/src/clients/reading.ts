import type { Case } from "../core/case.ts";
import type { ScriptedResponse } from "./scripted-server.ts";
import type { ClientContext, ExpectedEvent } from "./context.ts";

/** A stream, and the events that a client must dispatch. */
interface ReadingCase {
  readonly name: string;
  readonly sentence: string;
  readonly chunks: ScriptedResponse["chunks"] & {};
  readonly expected: readonly ExpectedEvent[];
  readonly betweenMs?: number;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const oneByOne = (text: string): Uint8Array[] => Array.from(bytes(text), (byte) => Uint8Array.of(byte));
const LONG = "x".repeat(1 << 20);

const READING_CASES: readonly ReadingCase[] = [
  {
    name: "data lines are joined by line feeds",
    sentence:
      "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF) character to the data buffer.",
    chunks: ["data: YHOO\ndata: +2\ndata: 10\n\n"],
    expected: [{ data: "YHOO\n+2\n10" }],
  },
  {
    name: "comments are ignored",
    sentence: "If the line starts with a U+003A COLON character (:): Ignore the line.",
    chunks: [": test stream\n\ndata:a\n:between\ndata:b\n\n:\n\n"],
    expected: [{ data: "a\nb" }],
  },
  {
    name: "one space after the colon is removed, and no more",
    sentence: "If value starts with a U+0020 SPACE character, remove it from value.",
    chunks: ["data:test\n\ndata: test\n\ndata:  test \n\ndata:\ttest\n\n"],
    expected: [{ data: "test" }, { data: "test" }, { data: " test " }, { data: "\ttest" }],
  },
  {
    name: "a field without a colon has an empty value",
    sentence:
      "Process the field using the steps described below, using the whole line as the field name, and the empty string as the field value.",
    chunks: ["data\n\ndata\ndata\n\n"],
    expected: [{ data: "" }, { data: "\n" }],
  },
  {
    name: "lines end with LF, CR or CRLF",
    sentence:
      "Lines must be separated by either a U+000D CARRIAGE RETURN U+000A LINE FEED (CRLF) character pair, a single U+000A LINE FEED (LF) character, or a single U+000D CARRIAGE RETURN (CR) character.",
    chunks: ["data:a\r\ndata:b\rdata:c\ndata:d\r\n\r\ndata:e\r\rdata:f\n\n"],
    expected: [{ data: "a\nb\nc\nd" }, { data: "e" }, { data: "f" }],
  },
  {
    name: "CR and LF are one line ending even when they arrive separately",
    sentence:
      "Lines must be separated by either a U+000D CARRIAGE RETURN U+000A LINE FEED (CRLF) character pair, a single U+000A LINE FEED (LF) character, or a single U+000D CARRIAGE RETURN (CR) character.",
    chunks: ["data:a\r", "\ndata:b\r", "\n\r", "\n"],
    betweenMs: 80,
    expected: [{ data: "a\nb" }],
  },
  {
    name: "one leading byte order mark is removed, and none elsewhere",
    sentence: "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any.",
    chunks: ["\ufeffdata:1\n\n\ufeffdata:2\n\ndata:3\n\n"],
    expected: [{ data: "1" }, { data: "3" }],
  },
  {
    name: "unknown fields are ignored",
    sentence: "Otherwise: The field is ignored.",
    chunks: ["foo:bar\nDATA:no\n data:no\ndata:yes\nbar\n\n"],
    expected: [{ data: "yes" }],
  },
  {
    name: "an event name applies to one event only",
    sentence:
      "If the event type buffer has a value other than the empty string, change the type of the newly created event to equal the value of the event type buffer.",
    chunks: ["event:tick\ndata:a\n\ndata:b\n\nevent: tock\ndata:c\n\nevent:\ndata:d\n\n"],
    expected: [
      { event: "tick", data: "a" },
      { event: "message", data: "b" },
      { event: "tock", data: "c" },
      { event: "message", data: "d" },
    ],
  },
  {
    name: "an event without data is not dispatched, and its name is discarded",
    sentence:
      "If the data buffer is an empty string, set the data buffer and the event type buffer to the empty string and return.",
    chunks: ["event:tick\n\ndata:a\n\n", "event:tick\nid:1\n\n", "data:b\n\n"],
    expected: [
      { event: "message", data: "a" },
      { event: "message", data: "b" },
    ],
  },
  {
    name: "an id applies to later events until another id replaces it",
    sentence: "Initialize event's lastEventId attribute to the last event ID string of the event source.",
    chunks: ["id:1\ndata:a\n\ndata:b\n\nid: 2\n\ndata:c\n\nid\ndata:d\n\ndata:e\n\n"],
    expected: [
      { data: "a", lastEventId: "1" },
      { data: "b", lastEventId: "1" },
      { data: "c", lastEventId: "2" },
      { data: "d", lastEventId: "" },
      { data: "e", lastEventId: "" },
    ],
  },
  {
    name: "an id that contains NULL is ignored",
    sentence:
      "If the field value does not contain U+0000 NULL, then set the last event ID buffer to the field value. Otherwise, ignore the field.",
    chunks: ["id:1\ndata:a\n\nid:2\0\ndata:b\n\n"],
    expected: [
      { data: "a", lastEventId: "1" },
      { data: "b", lastEventId: "1" },
    ],
  },
  {
    name: "a character split across chunks is decoded whole",
    sentence: "Event streams are always decoded as UTF-8.",
    chunks: oneByOne("data:naïve 🦩\n\n"),
    expected: [{ data: "naïve 🦩" }],
  },
  {
    name: "invalid UTF-8 is replaced, and the stream continues",
    sentence: "Streams must be decoded using the UTF-8 decode algorithm.",
    chunks: [Uint8Array.of(...bytes("data:a"), 0xff, ...bytes("b\n\n")), "data:c\n\n"],
    expected: [{ data: "a\ufffdb" }, { data: "c" }],
  },
  {
    name: "data may contain NULL and be long",
    sentence:
      "any-char = %x0000-0009 / %x000B-000C / %x000E-10FFFF ; a scalar value other than U+000A LINE FEED (LF) or U+000D CARRIAGE RETURN (CR)",
    chunks: ["data:a\0b\n\n", `data:${LONG}\n\n`],
    expected: [{ data: "a\0b" }, { data: LONG }],
  },
];

export const readingCases: readonly Case<ClientContext>[] = READING_CASES.map(
  ({ name, sentence, expected, ...reply }) => ({
    group: "Reading",
    name,
    standard: { source: "WHATWG HTML 9.2.5 and 9.2.6", sentence },
    run: async ({ expectEvents }, scope) => void (await expectEvents(scope, [reply], expected)),
  }),
);
