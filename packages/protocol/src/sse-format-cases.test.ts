import { expect, test } from "bun:test";
import { SSE_FORMAT_CASES, type SseFormatCase } from "./sse-format-cases.ts";
import { SseParser } from "./sse-parser.ts";

/** Parses the stream of a case in chunks of the given size. */
function parse({ stream }: SseFormatCase, size: number): SseFormatCase {
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

for (const [name, formatCase] of Object.entries(SSE_FORMAT_CASES)) {
  test(`${name}, in chunks of any size`, () => {
    for (const size of [1 << 20, 1, 2, 3, 7]) {
      const parsed = parse(formatCase, size);
      expect(parsed.events).toHaveLength(formatCase.events.length);
      expect(parsed).toMatchObject({
        ...formatCase,
        events: formatCase.events.map((event) => ({ event: "message", ...event })),
      });
      expect(parsed.retry).toBe(formatCase.retry);
    }
  });
}
