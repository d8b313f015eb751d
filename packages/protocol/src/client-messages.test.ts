import { expect, test } from "bun:test";
import { anything, assert, jsonValue, oneof, property, record, string, constantFrom } from "fast-check";
import { parseClientMessage } from "./client-messages.ts";

test.each([
  [{ type: "subscribe", pattern: "posts.*" }],
  [{ type: "subscribe", pattern: ["posts.*", "users.1"], since: "e.1", filter: "a = 1", query: { a: "1" }, id: 7 }],
  [{ type: "unsubscribe", pattern: "*", id: "x" }],
  [{ type: "auth", token: "secret" }],
  [{ type: "auth", token: null }],
  [{ type: "sync", on: false, id: 1 }],
  [{ type: "ping", id: 0 }],
])("%j is a valid message", (message) => {
  expect(parseClientMessage(JSON.stringify(message))).toEqual(message as never);
});

test("unknown keys and nulls are dropped", () => {
  const text = '{"type":"subscribe","pattern":"a.*","filter":null,"future":{}}';
  expect(parseClientMessage(text)).toEqual({ type: "subscribe", pattern: "a.*" });
  expect(parseClientMessage('{"type":"auth"}')).toEqual({ type: "auth", token: null });
});

test.each([
  String.raw`{"type":"subscribe","pattern":"a.\ud800"}`,
  String.raw`{"type":"subscribe","pattern":"a.*","filter":"a='\udc00'"}`,
  String.raw`{"type":"subscribe","pattern":"a.*","query":{"a":"\ud800"}}`,
])("%s has half of a surrogate pair", (text) => {
  expect(parseClientMessage(text).type).toBe("bad");
});

test("any text is either parsed or rejected with a problem, and a valid id is kept", () => {
  const value = oneof(jsonValue(), string());
  const message = record(
    {
      type: constantFrom("subscribe", "unsubscribe", "auth", "sync", "ping", "toString", "__proto__", 5),
      pattern: value,
      since: value,
      filter: value,
      query: value,
      headers: value,
      token: value,
      on: value,
      id: value,
    },
    { requiredKeys: [] },
  );
  assert(
    property(oneof(message, anything()), (sent) => {
      const parsed = parseClientMessage(JSON.stringify(sent) ?? "");
      expect(["subscribe", "unsubscribe", "auth", "sync", "ping", "bad"]).toContain(parsed.type);
      if (parsed.type === "bad") expect(parsed.problem).not.toBe("");
      if (parsed.id !== undefined) expect((sent as { id: unknown }).id).toBe(parsed.id);
    }),
  );
});
