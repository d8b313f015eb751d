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
])("%j is a message", (message) => {
  expect(parseClientMessage(JSON.stringify(message))).toEqual(message as never);
});

test("keys that are not known, and nulls, are left out", () => {
  const text = '{"type":"subscribe","pattern":"a.*","filter":null,"future":{}}';
  expect(parseClientMessage(text)).toEqual({ type: "subscribe", pattern: "a.*" });
  expect(parseClientMessage('{"type":"auth"}')).toEqual({ type: "auth", token: null });
});

test("whatever a client says is read, or answered with what is wrong and its id", () => {
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
    property(oneof(message, anything()), (said) => {
      const read = parseClientMessage(JSON.stringify(said) ?? "");
      expect(["subscribe", "unsubscribe", "auth", "sync", "ping", "bad"]).toContain(read.type);
      if (read.type === "bad") expect(read.problem).not.toBe("");
      if (read.id !== undefined) expect((said as { id: unknown }).id).toBe(read.id);
    }),
  );
});
