/** Up to this product of two lengths, the engine's search is faster, whatever the texts hold. */
const SMALL = 1 << 22;

/** Finds a text in others, in time that grows with the sum of their lengths, never with the product. */
export class TextFinder {
  readonly text: string;
  /** For each prefix, how long its longest own suffix is that is also a prefix. Made on first use. */
  #borders: Uint32Array | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** @returns the first index at or after `from`; -1 if there is none */
  indexIn(subject: string, from: number): number {
    if ((subject.length - from) * this.text.length <= SMALL) return subject.indexOf(this.text, from);
    return this.#search(subject, from);
  }

  /** Knuth, Morris and Pratt: never looks at a character of the subject twice. */
  #search(subject: string, from: number): number {
    const { text } = this;
    const borders = (this.#borders ??= bordersOf(text));
    let matched = 0;
    for (let at = from; at < subject.length; at += 1) {
      const unit = subject.charCodeAt(at);
      while (matched > 0 && text.charCodeAt(matched) !== unit) matched = borders[matched - 1]!;
      if (text.charCodeAt(matched) === unit) matched += 1;
      if (matched === text.length) return at - matched + 1;
    }
    return -1;
  }
}

function bordersOf(text: string): Uint32Array {
  const borders = new Uint32Array(text.length);
  let length = 0;
  for (let at = 1; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    while (length > 0 && text.charCodeAt(length) !== unit) length = borders[length - 1]!;
    if (text.charCodeAt(length) === unit) length += 1;
    borders[at] = length;
  }
  return borders;
}
