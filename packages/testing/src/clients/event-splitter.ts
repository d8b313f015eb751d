/** A parsed event; `data` lines are joined by line feeds. */
export interface ReceivedEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** Splits a byte stream into blocks at empty lines, and keeps an incomplete block until more bytes arrive. */
export class EventSplitter {
  #rest: Buffer | undefined;

  /** @param onBlock called with the text of each event or comment, without the empty line */
  feed(bytes: Buffer, onBlock: (block: string) => void): void {
    const all = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes;
    let from = 0;
    for (let end = all.indexOf("\n\n"); end >= 0; end = all.indexOf("\n\n", from)) {
      onBlock(all.toString("utf8", from, end));
      from = end + 2;
    }
    // A copy, because the socket reuses its buffer.
    this.#rest = from < all.length ? Buffer.from(all.subarray(from)) : undefined;
  }
}

/** Parses a block (WHATWG HTML, section 9.2.6). @returns undefined if it has no data, as a heartbeat */
export function parseEvent(block: string): ReceivedEvent | undefined {
  const data: string[] = [];
  let id: string | undefined;
  let event = "message";
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "event") event = value;
    else if (name === "id") id = value;
  }
  return data.length === 0 ? undefined : { id, event, data: data.join("\n") };
}
