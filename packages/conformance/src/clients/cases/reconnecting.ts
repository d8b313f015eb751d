import { type ClientCase, FIRST_STREAM, OPEN_STREAM, QUICK_RETRY, scriptCase } from "./client-case.ts";
import type { RuleName } from "../model/rules.ts";
import type { Judged } from "../play.ts";
import { type Chunk, type ScriptedResponse, toBytes } from "../scripted-response.ts";

const group = "Reconnecting";

interface ReconnectingCase extends Judged {
  readonly rule: RuleName;
  readonly name: string;
  readonly script: readonly ScriptedResponse[];
}

/** Sends something unfinished three times: over streams that end, and over one that breaks. */
const unfinished = (part: Chunk): ScriptedResponse[] => [
  { chunks: [QUICK_RETRY, "id:1\ndata:a\n\n", part] },
  { chunks: ["data:b\n\n", part], breaks: "after the last chunk" },
  { chunks: ["data:c\n\n", part] },
  { chunks: ["data:d\n\n"], staysOpen: true },
];

const ALL = ["event", "data", "lastEventId"] as const;
const FLAMINGO = toBytes("🦩");

/** What must not outlive its connection. */
const STREAM_STATE: readonly ReconnectingCase[] = [
  { rule: "endOfFile", name: "an event without its final empty line is dropped", script: unfinished("data:half\n") },
  { rule: "endOfFile", name: "half a line is dropped", script: unfinished("data:ha") },
  { rule: "freshBuffers", name: "the name of an unfinished event is dropped", script: unfinished("event:half\n") },
  {
    rule: "freshBuffers",
    name: "the id of an unfinished event is dropped",
    script: unfinished("id:half\n"),
    fields: ALL,
    lastEventIds: true,
  },
  { rule: "utf8", name: "half a character is dropped", script: unfinished(FLAMINGO.subarray(0, 2)) },
  {
    rule: "lineEnds",
    name: "a CR at the end of a stream ends its line",
    script: [{ chunks: [QUICK_RETRY, "data:a\r\r"] }, { chunks: ["\ndata:b\n\ndata:c\r\r"] }, OPEN_STREAM],
  },
];

/** What makes a client reconnect. */
const ENDS: readonly ReconnectingCase[] = [
  { rule: "reconnect", name: "it reconnects each time a stream ends", script: [FIRST_STREAM, {}, {}, {}, OPEN_STREAM] },
  {
    rule: "reconnect",
    name: "it reconnects each time a stream breaks",
    script: [
      { ...FIRST_STREAM, breaks: "after the last chunk" },
      { chunks: [":\n"], breaks: "after the last chunk" },
      { chunks: ["data:b\n\n", "data:ha"], breaks: "after the last chunk" },
      OPEN_STREAM,
    ],
  },
  {
    rule: "noResponse",
    name: "it reconnects when there is no response",
    script: [FIRST_STREAM, { breaks: "before the response" }, { breaks: "before the response" }, OPEN_STREAM],
  },
];

/** Ids over many connections. */
const IDS: readonly ReconnectingCase[] = [
  {
    rule: "lastEventIdHeader",
    name: "it reconnects with the last event ID, as often as it reconnects",
    script: [
      { chunks: [QUICK_RETRY, "id:one\ndata:a\n\nid:two\ndata:b\n\n", "data:c\n\n"] },
      { chunks: ["data:d\n\n"] },
      { chunks: [":\n"] },
      { breaks: "before the response" },
      { chunks: ["id:three\ndata:e\n\n"], breaks: "after the last chunk" },
      { chunks: [":\n"] },
      OPEN_STREAM,
    ],
    fields: ALL,
    lastEventIds: true,
  },
  {
    rule: "idOnDispatch",
    name: "an id without data counts",
    script: [{ chunks: [QUICK_RETRY, "id:one\ndata:a\n\n", "id:two\n\n"] }, { chunks: ["id:three\n\n"] }, OPEN_STREAM],
    fields: ALL,
    lastEventIds: true,
  },
  {
    rule: "noLastEventId",
    name: "without an id, or after an empty one, it sends no Last-Event-ID",
    script: [
      { chunks: [QUICK_RETRY, "data:a\n\n"] },
      { chunks: ["id:one\ndata:b\n\n"] },
      { chunks: ["id\ndata:c\n\n"] },
      { chunks: ["data:d\n\n"] },
      { chunks: ["id:two\ndata:e\n\n", "id:\ndata:f\n\n"] },
      OPEN_STREAM,
    ],
    fields: ALL,
    lastEventIds: true,
  },
  {
    rule: "lastEventIdUtf8",
    name: "the Last-Event-ID is sent as UTF-8, unchanged",
    script: [
      { chunks: [QUICK_RETRY, "id:naïve 🦩\ndata:a\n\n"] },
      { chunks: ['id:a:b, "c"; d=%20\ndata:b\n\n'] },
      { chunks: ["id:0\ndata:c\n\n"] },
      OPEN_STREAM,
    ],
    lastEventIds: true,
  },
];

export const reconnectingCases: readonly ClientCase[] = [...STREAM_STATE, ...ENDS, ...IDS].map(
  ({ rule, name, script, ...judged }) => scriptCase({ group, rule, name }, script, judged),
);
