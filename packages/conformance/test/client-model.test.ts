import { expect, test } from "bun:test";
import { type SseMessage, SseParser } from "@headwater/protocol";
import { array, assert, constantFrom, property } from "fast-check";
import { interpret, NO_MEMORY } from "../src/clients/model/event-stream.ts";
import { predict } from "../src/clients/model/connections.ts";
import { RULES } from "../src/clients/model/rules.ts";
import { clientProfile } from "../src/clients/profile.ts";
import { CLIENT_CASES } from "../src/clients/cases/all.ts";
import { toBytes } from "../src/clients/scripted-response.ts";
import { VIOLATIONS } from "../mutants/client/mutants.ts";

const PARTS = [
  "data",
  "event",
  "id",
  "retry",
  ":",
  " ",
  "a",
  "1",
  "\0",
  "\ufeff",
  "ü",
  "\n",
  "\r",
  "\r\n",
  "\n\n",
  "x:",
];

test("the model reads any stream as the parser of the protocol does", () => {
  assert(
    property(array(constantFrom(...PARTS), { maxLength: 40 }), (parts) => {
      const bytes = toBytes(parts.join(""));
      const events: SseMessage[] = [];
      const parser = new SseParser({ onEvent: (event) => events.push(event) });
      parser.feed(bytes);
      parser.end();
      const expected = events.map(({ event, data, lastEventId }) => ({ event, data, lastEventId }));
      expect(interpret(bytes, NO_MEMORY).events).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
});

test("the model keeps the id and the reconnection time over connections, and nothing else", () => {
  const script = [
    { chunks: ["retry:70\nid:1\ndata:a\n\nid:2\nevent:x\ndata:half\n"] },
    { breaks: "before the response" },
    { chunks: ["data:b\n\nid\n\n"] },
    { status: 503 },
  ] as const;
  expect(predict(script)).toEqual({
    events: [
      { event: "message", data: "a", lastEventId: "1" },
      { event: "message", data: "b", lastEventId: "1" },
    ],
    counts: [1, 1, 2, 2],
    requests: [
      { lastEventId: undefined, waitMs: 0 },
      { lastEventId: "1", waitMs: 70 },
      { lastEventId: "1", waitMs: 70 },
      { lastEventId: undefined, waitMs: 70 },
    ],
    states: ["connecting", "open", "connecting", "connecting", "open", "connecting", "closed"],
  });
});

test("every rule of the model has a case, and violations that the cases catch", () => {
  const [cases, broken] = [CLIENT_CASES.map(({ rule }) => rule), VIOLATIONS.map(({ rule }) => rule)];
  expect(Object.keys(RULES).filter((rule) => !(cases as string[]).includes(rule))).toEqual([]);
  expect(Object.keys(RULES).filter((rule) => !(broken as string[]).includes(rule))).toEqual([]);
  expect(clientProfile.cases.length).toBe(CLIENT_CASES.length);
});

test("each case and each violation has a name of its own", () => {
  const names = CLIENT_CASES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const violations = VIOLATIONS.map(({ rule, does }) => `${rule}: ${does}`);
  expect(new Set(violations).size).toBe(violations.length);
});
