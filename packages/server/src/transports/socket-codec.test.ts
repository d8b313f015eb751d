import { expect, test } from "bun:test";
import { parseServerMessage, type OutgoingEvent, resyncEvent } from "@headwater/protocol";
import { SOCKET_CODEC, textFrame } from "./socket-codec.ts";

const read = (event: OutgoingEvent, patterns: readonly string[], cursor?: string) =>
  parseServerMessage(String(SOCKET_CODEC.encode(event, patterns, cursor).payload));

const time = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const timestamp = "2026-01-02T03:04:05.006Z";

test("a record event names the patterns that it came by", () => {
  const data = `{"record":{"id":"a","title":"}\\""},"action":"update"}`;
  expect(read({ kind: "record", source: "posts", time, data }, ["posts.*", "posts.a"], "e.7")).toEqual({
    type: "record_event",
    collection: "posts",
    action: "update",
    record: { id: "a", title: '}"' },
    timestamp,
    patterns: ["posts.*", "posts.a"],
    cursor: "e.7",
  });
});

test("a broadcast may be any JSON; one for everyone has neither channel nor patterns", () => {
  expect(read({ kind: "custom", source: "chat", time, data: "[1]" }, ["chat.*"], "e.7")).toEqual({
    type: "custom_event",
    channel: "chat",
    data: [1],
    timestamp,
    patterns: ["chat.*"],
    cursor: "e.7",
  });
  expect(read({ kind: "custom", source: "", time, data: "null" }, ["*"])).toEqual({
    type: "custom_event",
    data: null,
    timestamp,
  });
});

test("a resync has the cursor from which its patterns go on, unless the message has one for all", () => {
  const resync = resyncEvent("visibility", "n.7", time);
  const start = { type: "resync", reason: "visibility", patterns: ["posts.*"] } as const;
  expect(read(resync, ["posts.*"])).toEqual({ ...start, cursor: "n.7" });
  expect(read(resync, ["posts.*"], "a.7")).toEqual({ ...start, cursor: "a.7" });
});

test("a heartbeat carries the cursor of a client that has caught up; without a cursor there is none", () => {
  expect(parseServerMessage(String(SOCKET_CODEC.heartbeat("e.9")?.payload))).toEqual({
    type: "heartbeat",
    cursor: "e.9",
  });
  expect(SOCKET_CODEC.heartbeat(undefined)).toBeUndefined();
});

test.each([
  ["x".repeat(125), 127],
  ["x".repeat(126), 130],
  ["é".repeat(32_768), 65_546],
])("a frame has the size that it has on the wire", (text, size) => {
  expect(textFrame(text).size).toBe(size);
});
