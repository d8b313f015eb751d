import { type ClientCase, clientCase, QUICK_RETRY } from "./client-case.ts";
import type { RuleName } from "../model/rules.ts";
import { type Judged, play } from "../play.ts";
import { bytesOf, type Chunk, toBytes } from "../scripted-response.ts";

/** A stream that a client must read as the model does, on its first connection and on a later one. */
interface ReadingCase extends Judged {
  readonly rule: RuleName;
  readonly name: string;
  readonly chunks: readonly Chunk[];
  readonly betweenMs?: number;
}

const NAMED = ["event", "data", "lastEventId"] as const;

const LINES: readonly ReadingCase[] = [
  {
    rule: "lineEnds",
    name: "lines end with LF, CR or CRLF",
    chunks: [
      "data:a\r\ndata:b\rdata:c\ndata:d\r\n\r\ndata:e\r\rdata:f\n\ndata:g\n\r\ndata:h\r\n\ndata:i\n\rdata:j\r\r\n",
    ],
  },
  {
    rule: "characters",
    name: "only CR and LF end a line",
    chunks: ["\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"].map(
      (character) => `data:a${character}data:b\n\n`,
    ),
  },
  {
    rule: "comment",
    name: "comments are ignored",
    chunks: [": test stream\ndata:a\n:between\n::data:no\ndata:b\n:data:no\n\n:\ndata:c\n\n"],
  },
  {
    rule: "firstColon",
    name: "a value goes on after its second colon",
    chunks: ["event:a:b\nid:1:2\ndata:x:y:z\n\ndata::\n\nevent::c\ndata: :d: \n\n"],
    fields: NAMED,
  },
  {
    rule: "oneSpace",
    name: "one space after the colon is removed, and no more",
    chunks: ["data:test\n\ndata: test\n\ndata:  test \n\ndata:\ttest\n\ndata:\u00a0test\n\ndata:a  b\n\ndata: \n\n"],
  },
  {
    rule: "noColon",
    name: "a field without a colon has an empty value",
    chunks: ["data\n\ndata\ndata\n\nevent:x\nevent\ndata:a\n\n"],
  },
  {
    rule: "literalNames",
    name: "field names are compared literally",
    chunks: ["DATA:no\nData:no\n data:no\ndata :no\n\tdata:no\ndata:yes\nDATA\nEVENT:x\nevent :x\n\n"],
  },
  {
    rule: "unknownField",
    name: "unknown fields are ignored",
    chunks: ["dat:no\ndatas:no\nda\0ta:no\ndata:yes\nfoo:no\n{}\ndata:more\nbar\ndata:again\n\n"],
  },
];

const EVENTS: readonly ReadingCase[] = [
  {
    rule: "dataLines",
    name: "data lines are joined by line feeds, and only the last line feed is removed",
    chunks: ["data: YHOO\ndata: +2\ndata: 10\n\ndata:\ndata:a\ndata:\ndata:\ndata:b\ndata:\n\ndata:\ndata:\n\n"],
  },
  {
    rule: "eventType",
    name: "an event has the name that came last, unchanged, and no later event has it",
    chunks: [
      "event:a\nevent:b\ndata:1\n\ndata:2\nevent:after\n\n",
      "event:tick\ndata:a\n\ndata:b\n\nevent: tock\ndata:c\n\nevent:\ndata:d\n\n",
      "event: \ttwo\u00a0words\t\ndata:3\n\nevent:Tick\ndata:4\n\nevent:naïve-🦩\ndata:5\n\nevent:message\ndata:6\n\n",
    ],
  },
  {
    rule: "noData",
    name: "an event without data is not dispatched, and its name is discarded",
    chunks: ["event:tick\n\ndata:a\n\n", "event:tick\nid:1\n\n", "data:b\n\n\n\n:\n\nfoo:no\n\n"],
  },
  {
    rule: "order",
    name: "every event is dispatched once, in order, even if it repeats the one before",
    chunks: [`${"id:1\ndata:same\n\n".repeat(3)}${Array.from({ length: 600 }, (_, n) => `data:${n}\n\n`).join("")}`],
  },
];

const IDS: readonly ReadingCase[] = [
  {
    rule: "idStays",
    name: "an id applies to later events until another id replaces it",
    chunks: ["id:1\ndata:a\n\ndata:b\n\nid: 2\n\ndata:c\n\nid\ndata:d\n\ndata:e\n\n"],
    fields: NAMED,
  },
  {
    rule: "idValue",
    name: "an event has the id that came last, unchanged",
    chunks: ['id:1\nid:2\ndata:a\n\ndata:b\nid:after\n\nid:  x \ndata:c\n\nid:{"n":1}\ndata:d\n\nid:0\ndata:e\n\n'],
    fields: NAMED,
  },
  {
    rule: "idWithNull",
    name: "an id that contains NULL is ignored",
    chunks: ["id:1\ndata:a\n\nid:2\0\ndata:b\n\nid:3\nid:\0\x34\ndata:c\n\n"],
    fields: NAMED,
  },
];

/** A byte that begins nothing, the start of a character of three bytes, a surrogate, and a slash in two bytes. */
const INVALID = bytesOf([
  "data:a",
  Uint8Array.of(0xff),
  "b\n\ndata:c",
  Uint8Array.of(0xe2, 0x82),
  "\ndata:d",
  Uint8Array.of(0xed, 0xa0, 0x80, 0xc0, 0xaf),
  "\n\n",
]);

const LONG = "x".repeat(1 << 19);

/** Each kind of character and of line end, so that a cut at each byte is a different cut. */
const CUT_EVERYWHERE = "id:ü\nevent:é\r\ndata:  🦩:€\rdata:b\r\n\r\n";

/** A document byte by byte, and then again and again, each time with the cut one byte further on. */
function cutAtEachByte(text: string): Uint8Array[] {
  const document = toBytes(text);
  const bytes = Array.from(document, (byte) => Uint8Array.of(byte));
  const cuts = document.subarray(1).entries();
  const rest = Array.from(cuts, ([at]) => bytesOf([document.subarray(at), document.subarray(0, at + 1)]));
  return [...bytes, document.subarray(0, 0), ...rest, document.subarray(document.length - 1)];
}

const CHARACTERS: readonly ReadingCase[] = [
  {
    rule: "byteOrderMark",
    name: "one leading byte order mark is removed from each stream, and none elsewhere",
    chunks: ["\ufeffdata:1\n\n\ufeffdata:2\ndata:3\ufeff\n\ndata:\ufeff4\n\n"],
  },
  {
    rule: "byteOrderMark",
    name: "a second byte order mark at the start is part of the first field's name",
    chunks: ["\ufeff\ufeffdata:1\ndata:2\n\n"],
  },
  {
    rule: "utf8",
    name: "a stream may be cut at each byte",
    chunks: cutAtEachByte(CUT_EVERYWHERE),
    betweenMs: 8,
    fields: NAMED,
  },
  { rule: "utf8", name: "invalid UTF-8 is replaced, and the stream continues", chunks: [INVALID, "data:e\n\n"] },
  {
    rule: "characters",
    name: "data is passed on unchanged, even if it is long",
    chunks: [
      'data:a\0b\n\ndata:e\u0301 \u00e9 \ufffd \uffff 🏳️‍🌈\n\ndata:&amp;\\n%20\n\ndata:{"a": [1]}\n\ndata:null\n\n',
      `data:${LONG}\n\n`,
      `${"data:y\n".repeat(3_000)}\n`,
    ],
  },
];

/** A client that does not reconnect reads the first stream only. */
const toCase = (group: string, { rule, name, chunks, betweenMs, ...judged }: ReadingCase): ClientCase =>
  clientCase({ group, rule, name }, async (context, scope) => {
    const times = betweenMs === undefined ? {} : { betweenMs };
    const last = { chunks, staysOpen: true, ...times } as const;
    const script = context.driver.reconnects ? [{ chunks: [...chunks, QUICK_RETRY], ...times }, last] : [last];
    await play(context, scope, script, judged);
  });

export const readingCases: readonly ClientCase[] = [
  ...LINES.map((each) => toCase("Lines and fields", each)),
  ...EVENTS.map((each) => toCase("Events", each)),
  ...IDS.map((each) => toCase("Ids", each)),
  ...CHARACTERS.map((each) => toCase("Characters", each)),
];
