import type { ClientEvent } from "../driver.ts";

/** What a client remembers between two connections. Everything else belongs to one stream. */
export interface Memory {
  readonly lastEventId: string;
  /** The reconnection time in milliseconds, once the server has set it. */
  readonly retryMs: number | undefined;
}

export const NO_MEMORY: Memory = { lastEventId: "", retryMs: undefined };

export interface Reading extends Memory {
  readonly events: readonly ClientEvent[];
}

/**
 * The model of a client on one stream: what the standard says that it dispatches and remembers.
 *
 * It keeps the last event ID from the connection before, as all browsers do and the web platform tests require. The
 * standard's text would reset it with the first event of each stream.
 */
export function interpret(body: Uint8Array, before: Memory): Reading {
  const events: ClientEvent[] = [];
  let { lastEventId, retryMs } = before;
  let [data, name, idBuffer] = ["", "", lastEventId];
  const dispatch = (): void => {
    lastEventId = idBuffer;
    if (data !== "") events.push({ event: name === "" ? "message" : name, data: data.replace(/\n$/, ""), lastEventId });
    [data, name] = ["", ""];
  };
  const process = (field: string, value: string): void => {
    if (field === "event") name = value;
    if (field === "data") data += `${value}\n`;
    if (field === "id" && !value.includes("\0")) idBuffer = value;
    if (field === "retry" && /^[0-9]+$/.test(value)) retryMs = Number(value);
  };
  for (const line of linesOf(body)) {
    const colon = line.indexOf(":");
    if (line === "") dispatch();
    else if (colon < 0) process(line, "");
    else if (colon > 0) process(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ""));
  }
  return { events, lastEventId, retryMs };
}

/** The lines of a stream, without the last one if it has no end. */
export const linesOf = (body: Uint8Array): string[] =>
  new TextDecoder()
    .decode(body)
    .split(/\r\n|\n|\r/)
    .slice(0, -1);
