import { EventSource } from "eventsource";
import { createParser } from "eventsource-parser";
import { type ClientDriver, eventSourceDriver } from "../src/clients/driver.ts";

/** The package `eventsource`. */
export const eventsource = eventSourceDriver("eventsource", (url) => new EventSource(url));

/** `fetch` with a parser, which is how most clients of language models read streams. */
export const parserOnFetch: ClientDriver = {
  name: "eventsource-parser on fetch",
  reconnects: false,
  async open(url, _, onEvent) {
    const abort = new AbortController();
    let lastEventId = "";
    const parser = createParser({
      onEvent({ event = "message", data, id }) {
        lastEventId = id ?? lastEventId;
        onEvent({ event, data, lastEventId });
      },
    });
    const read = async (): Promise<void> => {
      const headers = { accept: "text/event-stream", "cache-control": "no-store" };
      const response = await fetch(url, { headers, signal: abort.signal });
      if (!response.ok || !/^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "")) return;
      const decoder = new TextDecoder();
      for await (const chunk of response.body!) parser.feed(decoder.decode(chunk, { stream: true }));
    };
    read().catch(() => undefined);
    return () => abort.abort();
  },
};
