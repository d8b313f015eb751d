/** A stream, and what a parser that follows the standard reads from it. */
export interface SseFormatCase {
  readonly stream: string | Uint8Array;
  readonly events: readonly SseFormatEvent[];
  /** The last valid `retry`. */
  readonly retry?: number;
  /** The `Last-Event-ID` that a client would reconnect with. */
  readonly lastEventId?: string;
}

export interface SseFormatEvent {
  /** `message` if absent. */
  readonly event?: string;
  readonly data: string;
  readonly lastEventId?: string;
}

const LONG = "x".repeat(2 * 1024);
const bytes = (...values: readonly number[]): number[] => [...values];
const ascii = (text: string): number[] => [...new TextEncoder().encode(text)];

/** The cases of the web platform tests for EventSource's format (WHATWG HTML, section 9.2.6). */
export const SSE_FORMAT_CASES: Readonly<Record<string, SseFormatCase>> = {
  "the first byte order mark is removed, a later one makes the field unknown": {
    stream: "\uFEFFdata:1\n\n\uFEFFdata:2\n\ndata:3\n\n",
    events: [{ data: "1" }, { data: "3" }],
  },
  "only one of two byte order marks is removed": {
    stream: "\uFEFF\uFEFFdata:1\n\ndata:2\n\ndata:3\n\n",
    events: [{ data: "2" }, { data: "3" }],
  },
  "comments of any length and content, with every line end": {
    stream: `data:1\r:\0\n:\r\ndata:2\n:${LONG}\rdata:3\n:data:fail\r:${LONG}\ndata:4\n\n`,
    events: [{ data: "1\n2\n3\n4" }],
  },
  "an incomplete event is ignored with its id": {
    stream: "retry:1000\ndata:test1\n\nid:test\ndata:test2",
    events: [{ data: "test1" }],
    retry: 1_000,
    lastEventId: "",
  },
  "data without a value": {
    stream: "data:\n\ndata\ndata\n\ndata:test",
    events: [{ data: "" }, { data: "\n" }],
  },
  "an event name is valid for one event": {
    stream: "event:test\ndata:x\n\ndata:x\n\n",
    events: [{ event: "test", data: "x" }, { data: "x" }],
  },
  "an empty event name counts as no name": {
    stream: "event: \ndata:data\n\n",
    events: [{ data: "data" }],
  },
  "a non-ASCII id": {
    stream: "id: …\ndata:hello\n\ndata:world\n\n",
    events: [
      { data: "hello", lastEventId: "…" },
      { data: "world", lastEventId: "…" },
    ],
    lastEventId: "…",
  },
  "an empty id resets the last event id, with or without a colon": {
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
  "ids that contain a NUL are ignored": {
    stream: ["\0\0", "x\0", "\0x", "x\0x", " \0"].map((id) => `id:${id}\ndata:hello\n\n`).join(""),
    events: Array.from({ length: 5 }, () => ({ data: "hello", lastEventId: "" })),
    lastEventId: "",
  },
  "field names similar to data": {
    stream:
      "data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n",
    events: [{ data: "\0\n 2\n1\n3\n\n4" }],
  },
  "a reconnection time with leading zeros": {
    stream: "retry:03000\ndata:x\n\n",
    events: [{ data: "x" }],
    retry: 3_000,
  },
  "invalid reconnection times are ignored": {
    stream: "retry:3000\nretry:1000x\nretry:-1\nretry:1.5\nretry:\nretry\nretry: \ndata:x\n\n",
    events: [{ data: "x" }],
    retry: 3_000,
  },
  "unknown fields": {
    stream: "data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n",
    events: [{ data: "test\n\ntest" }],
  },
  "only one space after the colon is removed": {
    stream: "data:\ttest\rdata: \ndata:test\n\ndata:  two\n\n",
    events: [{ data: "\ttest\n\ntest" }, { data: " two" }],
  },
  "every line end": {
    stream: "data:test\r\ndata\ndata:test\r\n\r",
    events: [{ data: "test\n\ntest" }],
  },
  "a NUL in data": {
    stream: "data:\0\n\n\n\n",
    events: [{ data: "\0" }],
  },
  "non-ASCII characters, also beyond the basic plane": {
    stream: "data:ok…🦩\n\n",
    events: [{ data: "ok…🦩" }],
  },
  "invalid UTF-8": {
    stream: Uint8Array.from([...ascii("data:a"), ...bytes(0xc3, 0x28, 0xff), ...ascii("b\n\ndata:c\n\n")]),
    events: [{ data: "a\uFFFD(\uFFFDb" }, { data: "c" }],
  },
  "only empty lines": { stream: "\n\r\r\n\n\n", events: [] },
  "an empty stream": { stream: "", events: [] },
};
