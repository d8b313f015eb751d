/** Pieces that are kept apart before they are merged: a separate string costs several times its characters. */
const MERGE_AFTER = 256;

/** A text that grows by pieces and can be read from any piece on. */
export class SegmentedText {
  #text = "";
  /** The offsets in the merged text at which its pieces end. */
  #ends: number[] = [];
  /** The pieces since the last merge. */
  #pieces: string[] = [];

  /** How many pieces there are. */
  get count(): number {
    return this.#ends.length + this.#pieces.length;
  }

  add(piece: string): void {
    this.#pieces.push(piece);
    if (this.#pieces.length >= MERGE_AFTER) this.#merge();
  }

  /** How many pieces from `from` on it takes to have that many characters: at least one, at most all there are. */
  countFor(from: number, characters: number): number {
    let count = 0;
    for (let left = characters; from + count < this.count && left > 0; count += 1)
      left -= this.#lengthOf(from + count) + 1;
    return count;
  }

  /** The text of `count` pieces, from `from` on. */
  slice(from: number, count: number): string {
    const merged = this.#ends.length;
    const [first, last] = [Math.max(0, from - merged), Math.max(0, from + count - merged)];
    const recent = this.#pieces.slice(first, last).join("");
    if (from >= merged) return recent;
    return this.#text.slice(this.#startOf(from), this.#ends[Math.min(merged, from + count) - 1]) + recent;
  }

  /** The length of each piece. */
  get lengths(): number[] {
    return Array.from({ length: this.count }, (_, i) => this.#lengthOf(i));
  }

  #merge(): void {
    let end = this.#text.length;
    for (const { length } of this.#pieces) this.#ends.push((end += length));
    this.#text += this.#pieces.join("");
    this.#pieces = [];
  }

  #startOf(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1]!;
  }

  #lengthOf(index: number): number {
    const merged = this.#ends.length;
    return index < merged ? this.#ends[index]! - this.#startOf(index) : this.#pieces[index - merged]!.length;
  }
}
