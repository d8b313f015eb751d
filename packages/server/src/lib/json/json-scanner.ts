/** What a JSON text may hold. */
export interface JsonLimits {
  /** How deep lists and objects may nest. */
  readonly depth: number;
  /** Members of all objects. For this and the next, 0 is no limit. */
  readonly keys: number;
  /** Items of all lists, and the lists and objects themselves. */
  readonly items: number;
}

/** Called for brackets, commas and colons outside of all lists and objects but the outermost one. */
export type OnMark = (byte: number, at: number) => void;

/** What a scanner does besides counting. */
export interface ScannerOptions {
  /** Makes it a search for marks, which leaves escapes to the parser of what it finds. */
  readonly onMark?: OnMark;
  /** Ends it with the first list or object, whatever follows. */
  readonly onlyFirst?: boolean;
}

/** The text has more of something than its limit allows. */
export class JsonLimitError extends Error {
  override readonly name = "JsonLimitError";

  constructor(readonly limit: keyof JsonLimits) {
    super(`The JSON has too ${limit === "depth" ? "much depth" : `many ${limit}`}.`);
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** Strings that are longer are searched by the engine, which is faster for those. */
const SHORT = 32;

/**
 * Counts what a JSON text holds before anything of it is built, in one pass over its bytes and without memory. Takes the
 * bytes as they arrive. It finds texts that are too large and escapes that are no character; whether a text is JSON at
 * all is left to the parser.
 */
export class JsonScanner {
  /** Members of objects so far. The parser keeps one of two members with the same name. */
  members = 0;
  /** Lists and objects that are open. */
  depth = 0;
  inString = false;
  /** With `onlyFirst`: how many bytes there are up to the end of the first list or object; `undefined` before that. */
  end: number | undefined;
  readonly #limits: JsonLimits;
  readonly #onMark: OnMark | undefined;
  readonly #onlyFirst: boolean;
  #scanned = 0;
  #isOver = false;
  #items = 0;
  /** Digits of a Unicode escape that are missing; -1 outside of one, 5 right after a backslash. */
  #missing = -1;
  #unit = 0;
  /** Whether the last escape was the first half of a surrogate pair. */
  #half = false;

  constructor(limits: JsonLimits, { onMark, onlyFirst = false }: ScannerOptions = {}) {
    this.#limits = limits;
    this.#onMark = onMark;
    this.#onlyFirst = onlyFirst;
  }

  /** @throws JsonLimitError beyond a limit, SyntaxError for half of a surrogate pair */
  scan(bytes: Uint8Array, from = 0, to: number = bytes.length): void {
    let at = from;
    while (at < to && !this.#isOver) {
      at = this.inString ? this.#scanString(bytes, at, to) : this.#scanValue(bytes, at, to);
    }
    this.#scanned += at - from;
    if (this.#isOver) this.end = this.#scanned;
  }

  #scanValue(bytes: Uint8Array, from: number, to: number): number {
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.inString = true;
        return at + 1;
      }
      if (byte === COMMA) this.#items += 1;
      else if (byte === COLON) this.members += 1;
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.#open();
      else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
        this.depth -= 1;
        this.#isOver = this.#onlyFirst && this.depth === 0;
        if (this.#isOver) return at + 1;
      } else continue;
      this.#check();
      if (this.#onMark && this.depth < 2) this.#onMark(byte, at);
    }
    return to;
  }

  #open(): void {
    this.depth += 1;
    if (this.depth > this.#limits.depth) throw new JsonLimitError("depth");
    this.#items += 1;
  }

  #check(): void {
    const { keys, items } = this.#limits;
    if (keys > 0 && this.members > keys) throw new JsonLimitError("keys");
    // A comma in an object counts too: it comes with a key.
    if (items > 0 && this.#items - this.members > items) throw new JsonLimitError("items");
  }

  /** @returns where the string ends, or `to` */
  #scanString(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to) {
      const byte = bytes[at]!;
      if (this.#missing >= 0) this.#scanEscape(byte);
      else if (byte === BACKSLASH && !this.#half && at + 1 < to && bytes[at + 1] !== LETTER_U) at += 1;
      else if (byte === BACKSLASH) this.#missing = 5;
      else if (this.#half) {
        this.#refuseHalf();
        continue;
      } else if (byte === QUOTE) {
        this.inString = false;
        return at + 1;
      } else if (at - from > SHORT) {
        at = nextMark(bytes, at, to);
        from = at;
        continue;
      }
      at += 1;
    }
    return to;
  }

  #scanEscape(byte: number): void {
    if (this.#missing === 5) {
      this.#missing = byte === LETTER_U ? 4 : -1;
      this.#unit = 0;
      if (byte !== LETTER_U && this.#half) this.#refuseHalf();
      return;
    }
    this.#unit = this.#unit * 16 + hexDigit(byte);
    this.#missing -= 1;
    if (this.#missing > 0) return;
    this.#missing = -1;
    const isLow = this.#unit >= 0xdc00 && this.#unit < 0xe000;
    if (isLow !== this.#half) this.#refuseHalf();
    this.#half = this.#unit >= 0xd800 && this.#unit < 0xdc00;
  }

  #refuseHalf(): void {
    if (!this.#onMark) throw new SyntaxError("half of a surrogate pair");
    this.#half = false;
  }
}

/** The next quote or backslash; `to` if there is none. A short step at a time, so that both searches stay linear. */
function nextMark(bytes: Uint8Array, from: number, to: number): number {
  for (let start = from; start < to; start += STEP) {
    const step = bytes.subarray(start, Math.min(start + STEP, to));
    const quote = step.indexOf(QUOTE);
    const backslash = step.indexOf(BACKSLASH);
    if (quote >= 0 || backslash >= 0)
      return start + (quote < 0 || (backslash >= 0 && backslash < quote) ? backslash : quote);
  }
  return to;
}
const STEP = 4096;

/** The parser refuses anything else. */
const hexDigit = (byte: number): number => (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57);
