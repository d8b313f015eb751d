import { expect, test } from "bun:test";
import { SSE_FORMAT_CASES, type SseFormatCase } from "./sse-format-cases.ts";
import { SseParser } from "./sse-parser.ts";

/** What is heard of a case whose bytes come in pieces of one size, in the words of the case. */
function hear({ stream }: SseFormatCase, size: number): SseFormatCase {
  const events: { event: string; data: string; lastEventId: string }[] = [];
  let retry: number | undefined;
  const parser = new SseParser({
    onEvent: ({ event, data, lastEventId }) => events.push({ event, data, lastEventId }),
    onRetry: (milliseconds) => (retry = milliseconds),
  });
  const bytes = typeof stream === "string" ? new TextEncoder().encode(stream) : stream;
  for (let at = 0; at < bytes.length; at += size) parser.feed(bytes.subarray(at, at + size));
  parser.end();
  return { stream, events, lastEventId: parser.lastEventId, ...(retry !== undefined && { retry }) };
}

for (const [name, one] of Object.entries(SSE_FORMAT_CASES)) {
  test(`${name}, however the network cuts it`, () => {
    for (const size of [1 << 20, 1, 2, 3, 7]) {
      const heard = hear(one, size);
      expect(heard.events).toHaveLength(one.events.length);
      expect(heard).toMatchObject({ ...one, events: one.events.map((event) => ({ event: "message", ...event })) });
      expect(heard.retry).toBe(one.retry);
    }
  });
}
