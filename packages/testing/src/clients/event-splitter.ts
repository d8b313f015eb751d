/** An event as it came: the three fields PocketBase's protocol uses. `data` lines are joined as the standard says. */
export interface ReceivedEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** Cuts a stream of bytes at the empty lines; what is not complete waits for the next bytes. */
export class EventSplitter {
  #rest: Buffer | undefined;

  /** @param onBlock gets the text of each event or comment without its empty line */
  feed(bytes: Buffer, onBlock: (block: string) => void): void {
    const all = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes;
    let from = 0;
    for (let end = all.indexOf("\n\n"); end >= 0; end = all.indexOf("\n\n", from)) {
      onBlock(all.toString("utf8", from, end));
      from = end + 2;
    }
    // A copy: the socket's buffer is used again.
    this.#rest = from < all.length ? Buffer.from(all.subarray(from)) : undefined;
  }
}

/** Reads a block, or gives undefined for one without data, such as a heartbeat (WHATWG HTML, section 9.2.6). */
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
