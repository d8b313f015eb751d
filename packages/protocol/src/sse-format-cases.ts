/** A stream, and what whoever follows the standard hears of it. */
export interface SseFormatCase {
  readonly stream: string | Uint8Array;
  readonly events: readonly SseFormatEvent[];
  /** The last `retry` that counts. */
  readonly retry?: number;
  /** What a client would come back with. */
  readonly lastEventId?: string;
}

export interface SseFormatEvent {
  /** `message` where it is missing. */
  readonly event?: string;
  readonly data: string;
  readonly lastEventId?: string;
}

const LONG = "x".repeat(2 * 1024);
const bytes = (...values: readonly number[]): number[] => [...values];
const ascii = (text: string): number[] => [...new TextEncoder().encode(text)];

/** The ground that the web platform's tests of EventSource's format cover, as data (WHATWG HTML, section 9.2.6). */
export const SSE_FORMAT_CASES: Readonly<Record<string, SseFormatCase>> = {
  "a byte order mark: the first goes, one in front of a field makes it another field": {
    stream: "\uFEFFdata:1\n\n\uFEFFdata:2\n\ndata:3\n\n",
    events: [{ data: "1" }, { data: "3" }],
  },
  "two byte order marks: one goes": {
    stream: "\uFEFF\uFEFFdata:1\n\ndata:2\n\ndata:3\n\n",
    events: [{ data: "2" }, { data: "3" }],
  },
  "comments of any length and content, between lines of every ending": {
    stream: `data:1\r:\0\n:\r\ndata:2\n:${LONG}\rdata:3\n:data:fail\r:${LONG}\ndata:4\n\n`,
    events: [{ data: "1\n2\n3\n4" }],
  },
  "an end before the empty line: neither the event nor its id": {
    stream: "retry:1000\ndata:test1\n\nid:test\ndata:test2",
    events: [{ data: "test1" }],
    retry: 1_000,
    lastEventId: "",
  },
  "data without a value": {
    stream: "data:\n\ndata\ndata\n\ndata:test",
    events: [{ data: "" }, { data: "\n" }],
  },
  "the name of an event is for that one": {
    stream: "event:test\ndata:x\n\ndata:x\n\n",
    events: [{ event: "test", data: "x" }, { data: "x" }],
  },
  "an empty name is none": {
    stream: "event: \ndata:data\n\n",
    events: [{ data: "data" }],
  },
  "an id beyond ASCII": {
    stream: "id: …\ndata:hello\n\ndata:world\n\n",
    events: [
      { data: "hello", lastEventId: "…" },
      { data: "world", lastEventId: "…" },
    ],
    lastEventId: "…",
  },
  "an empty id takes the last one away, with a colon and without": {
    stream: "id:1\ndata:a\n\nid\ndata:b\n\nid:2\ndata:c\n\nid:\ndata:d\n\n",
    events: [
      { data: "a", lastEventId: "1" },
      { data: "b", lastEventId: "" },
      { data: "c", lastEventId: "2" },
      { data: "d", lastEventId: "" },
    ],
    lastEventId: "",
  },
  "an id in a block without data counts": {
    stream: "id:1\n\ndata:a\n\n",
    events: [{ data: "a", lastEventId: "1" }],
    lastEventId: "1",
  },
  "ids with a NUL, wherever it stands": {
    stream: ["\0\0", "x\0", "\0x", "x\0x", " \0"].map((id) => `id:${id}\ndata:hello\n\n`).join(""),
    events: Array.from({ length: 5 }, () => ({ data: "hello", lastEventId: "" })),
    lastEventId: "",
  },
  "names that are nearly data": {
    stream:
      "data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n",
    events: [{ data: "\0\n 2\n1\n3\n\n4" }],
  },
  "a time to wait with leading zeros": {
    stream: "retry:03000\ndata:x\n\n",
    events: [{ data: "x" }],
    retry: 3_000,
  },
  "times that are no numbers leave what was said before": {
    stream: "retry:3000\nretry:1000x\nretry:-1\nretry:1.5\nretry:\nretry\nretry: \ndata:x\n\n",
    events: [{ data: "x" }],
    retry: 3_000,
  },
  "fields that nobody knows": {
    stream: "data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n",
    events: [{ data: "test\n\ntest" }],
  },
  "one space behind the colon, and nothing else": {
    stream: "data:\ttest\rdata: \ndata:test\n\ndata:  two\n\n",
    events: [{ data: "\ttest\n\ntest" }, { data: " two" }],
  },
  "lines of every ending": {
    stream: "data:test\r\ndata\ndata:test\r\n\r",
    events: [{ data: "test\n\ntest" }],
  },
  "a NUL in data": {
    stream: "data:\0\n\n\n\n",
    events: [{ data: "\0" }],
  },
  "characters beyond ASCII, and beyond the first plane": {
    stream: "data:ok…🦩\n\n",
    events: [{ data: "ok…🦩" }],
  },
  "bytes that are no UTF-8": {
    stream: Uint8Array.from([...ascii("data:a"), ...bytes(0xc3, 0x28, 0xff), ...ascii("b\n\ndata:c\n\n")]),
    events: [{ data: "a\uFFFD(\uFFFDb" }, { data: "c" }],
  },
  "empty lines alone": { stream: "\n\r\r\n\n\n", events: [] },
  "nothing at all": { stream: "", events: [] },
};
