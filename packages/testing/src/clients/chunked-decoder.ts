const LF = 10;
const CR = 13;

/**
 * Decodes the chunked transfer coding (RFC 9112, section 7.1). Passes chunk data on as views of the input, without copying,
 * to keep load generators fast.
 */
export class ChunkedDecoder {
  #remaining = 0;
  #line = "";
  #ended = false;
  #count = 0;

  /** Chunks started so far. */
  get count(): number {
    return this.#count;
  }

  /** True after the last chunk. */
  get ended(): boolean {
    return this.#ended;
  }

  feed(bytes: Buffer, onData: (data: Buffer) => void): void {
    let at = 0;
    while (at < bytes.length && !this.#ended) {
      if (this.#remaining > 0) {
        const end = Math.min(bytes.length, at + this.#remaining);
        onData(bytes.subarray(at, end));
        this.#remaining -= end - at;
        at = end;
      } else {
        const byte = bytes[at]!;
        at += 1;
        if (byte === LF) this.#startChunk();
        else if (byte !== CR) this.#line += String.fromCharCode(byte);
      }
    }
  }

  /** An empty line ends the chunk before it. */
  #startChunk(): void {
    if (this.#line === "") return;
    this.#remaining = Number.parseInt(this.#line, 16);
    if (Number.isNaN(this.#remaining)) throw new Error(`not a chunk size: ${this.#line}`);
    this.#ended = this.#remaining === 0;
    this.#count += 1;
    this.#line = "";
  }
}
