/** Pieces after which their texts are put together: each text of its own costs several times its characters. */
const SEAL = 256;

/** A text that comes in pieces, and can be handed out from each piece on. */
export class TextRun {
  #text = "";
  /** Where in the text its pieces end. */
  #ends: number[] = [];
  /** What came since they were put together. */
  #pieces: string[] = [];

  /** How many pieces there are. */
  get count(): number {
    return this.#ends.length + this.#pieces.length;
  }

  add(piece: string): void {
    this.#pieces.push(piece);
    if (this.#pieces.length >= SEAL) this.#seal();
  }

  /** How many pieces from one on have so many characters, if there are as many; one at least. */
  reach(from: number, characters: number): number {
    let count = 0;
    for (let left = characters; from + count < this.count && left > 0; count += 1)
      left -= this.#lengthOf(from + count) + 1;
    return count;
  }

  /** The text of so many pieces, from one on. */
  slice(from: number, count: number): string {
    const sealed = this.#ends.length;
    const [first, last] = [Math.max(0, from - sealed), Math.max(0, from + count - sealed)];
    const recent = this.#pieces.slice(first, last).join("");
    if (from >= sealed) return recent;
    return this.#text.slice(this.#startOf(from), this.#ends[Math.min(sealed, from + count) - 1]) + recent;
  }

  get lengths(): number[] {
    return Array.from({ length: this.count }, (_, i) => this.#lengthOf(i));
  }

  #seal(): void {
    let end = this.#text.length;
    for (const { length } of this.#pieces) this.#ends.push((end += length));
    this.#text += this.#pieces.join("");
    this.#pieces = [];
  }

  #startOf(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1]!;
  }

  #lengthOf(index: number): number {
    const sealed = this.#ends.length;
    return index < sealed ? this.#ends[index]! - this.#startOf(index) : this.#pieces[index - sealed]!.length;
  }
}
