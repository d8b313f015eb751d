import type { JsonEvent, SseClient } from "./sse-client.ts";

/** Reads events up to and including the first that satisfies `isLast`, or to the end of the stream. */
export async function collect(
  client: SseClient,
  isLast: (event: JsonEvent, count: number) => boolean = () => false,
): Promise<JsonEvent[]> {
  const events: JsonEvent[] = [];
  for await (const event of client.connect()) {
    events.push(event);
    if (isLast(event, events.length)) break;
  }
  return events;
}
