import { defaultTreeAdapter, type DefaultTreeAdapterTypes, parse } from "parse5";

/** The parser that PocketBase uses refuses HTML that nests more deeply. */
const MAX_DEPTH = 512;
/** Elements without text cost time too: an excerpt looks no further than this, and one more for each character. */
const MAX_ELEMENTS = 20_000;
/** Characters of the first attempt, which is enough for most texts. The next ones take eight times as much each. */
const FIRST = 16_384;
const FACTOR = 8;

/**
 * Parses the start of an HTML text, as far as it is needed for a number of visible characters.
 *
 * @param hides elements whose text does not count
 * @param enough UTF-16 units that are not white space
 * @returns `undefined` if elements nest too deeply
 */
export function parseHtmlStart(
  html: string,
  hides: ReadonlySet<string>,
  enough: number,
): DefaultTreeAdapterTypes.Document | undefined {
  for (let length = FIRST + FACTOR * enough; length < html.length; length *= FACTOR) {
    const attempt = new Attempt(hides, enough);
    attempt.read(html.slice(0, length));
    if (attempt.end !== undefined) return attempt.end === "tooDeep" ? undefined : attempt.document;
  }
  const whole = new Attempt(hides, enough);
  whole.read(html);
  return whole.end === "tooDeep" ? undefined : whole.document;
}

/** Thrown to leave the parser. */
const LEAVE = Symbol("leave");

class Attempt {
  document = defaultTreeAdapter.createDocument();
  /** Why it ended before the end of the text. */
  end: "enough" | "tooDeep" | undefined;
  #depth = 0;
  #elements = 0;
  /** Open elements whose text is hidden, or comes later than what follows: text in a table may move before it. */
  #pending = 0;
  #seen = 0;

  constructor(
    readonly hides: ReadonlySet<string>,
    readonly enough: number,
  ) {}

  read(html: string): void {
    try {
      this.document = parse(html, { treeAdapter: this.#adapter() });
    } catch (error) {
      if (error !== LEAVE) throw error;
    }
  }

  #adapter(): typeof defaultTreeAdapter {
    return {
      ...defaultTreeAdapter,
      createDocument: () => this.document,
      onItemPush: ({ tagName }) => {
        this.#depth += 1;
        if (this.#isPending(tagName)) this.#pending += 1;
        if (this.#depth > MAX_DEPTH) this.#leave("tooDeep");
      },
      onItemPop: ({ tagName }) => {
        this.#depth -= 1;
        if (this.#isPending(tagName)) this.#pending -= 1;
      },
      appendChild: (parent, child) => {
        defaultTreeAdapter.appendChild(parent, child);
        this.#elements += 1;
        if (this.#elements > MAX_ELEMENTS + this.enough) this.#leave("enough");
      },
      insertText: (parent, text) => {
        defaultTreeAdapter.insertText(parent, text);
        if (this.#pending > 0) return;
        this.#seen += countVisible(text, this.enough);
        if (this.#seen >= this.enough) this.#leave("enough");
      },
    };
  }

  readonly #isPending = (tagName: string): boolean => tagName === "table" || this.hides.has(tagName);

  #leave(reason: "enough" | "tooDeep"): never {
    this.end = reason;
    throw LEAVE;
  }
}

/** Counts units that are not white space, up to a maximum. */
function countVisible(text: string, max: number): number {
  let count = 0;
  for (let i = 0; i < text.length && count < max; i++) if (text.charCodeAt(i) > 0x20) count += 1;
  return count;
}
