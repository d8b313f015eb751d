/** Bytes that are collected before they are written. */
const PIECE = 256 << 10;

/** Collects bytes into pieces, and writes each before it takes more. */
export class Pieces {
  /** One for all: new ones would be garbage faster than it is collected. */
  readonly #piece = Buffer.allocUnsafe(PIECE);
  #filled = 0;

  constructor(private readonly write: (piece: Uint8Array) => Promise<void>) {}

  async add(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) {
      const part = bytes.subarray(at, at + PIECE - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.byteLength;
      at += part.byteLength;
      if (this.#filled === PIECE) await this.flush();
    }
  }

  async flush(): Promise<void> {
    const filled = this.#piece.subarray(0, this.#filled);
    this.#filled = 0;
    await this.write(filled);
  }
}
