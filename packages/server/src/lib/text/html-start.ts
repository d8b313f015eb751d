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
    const start = read(html.slice(0, length), hides, enough);
    if (start.end !== undefined) return start.end === "tooDeep" ? undefined : start.document;
  }
  const { document, end } = read(html, hides, enough);
  return end === "tooDeep" ? undefined : document;
}

/** What the parser has read so far. */
interface Reading {
  readonly document: DefaultTreeAdapterTypes.Document;
  readonly hides: ReadonlySet<string>;
  readonly enough: number;
  /** Why it ended before the end of the text. */
  end: "enough" | "tooDeep" | undefined;
  depth: number;
  elements: number;
  /** Open elements whose text is hidden, or comes later than what follows: text in a table may move before it. */
  pending: number;
  visible: number;
}

/** Of the only parser that runs. One adapter for all texts is twice as fast as one for each. */
let reading: Reading;

/** Thrown to leave the parser. */
const LEAVE = Symbol("leave");

function read(html: string, hides: ReadonlySet<string>, enough: number): Reading {
  const document = defaultTreeAdapter.createDocument();
  reading = { document, hides, enough, end: undefined, depth: 0, elements: 0, pending: 0, visible: 0 };
  try {
    parse(html, { treeAdapter: ADAPTER });
  } catch (error) {
    if (error !== LEAVE) throw error;
  }
  return reading;
}

const isPending = (tagName: string): boolean => tagName === "table" || reading.hides.has(tagName);

function leave(reason: "enough" | "tooDeep"): never {
  reading.end = reason;
  throw LEAVE;
}

const ADAPTER: typeof defaultTreeAdapter = {
  ...defaultTreeAdapter,
  createDocument: () => reading.document,
  onItemPush: ({ tagName }) => {
    reading.depth += 1;
    if (isPending(tagName)) reading.pending += 1;
    if (reading.depth > MAX_DEPTH) leave("tooDeep");
  },
  onItemPop: ({ tagName }) => {
    reading.depth -= 1;
    if (isPending(tagName)) reading.pending -= 1;
  },
  appendChild: (parent, child) => {
    defaultTreeAdapter.appendChild(parent, child);
    reading.elements += 1;
    if (reading.elements > MAX_ELEMENTS + reading.enough) leave("enough");
  },
  insertText: (parent, text) => {
    defaultTreeAdapter.insertText(parent, text);
    if (reading.pending > 0) return;
    reading.visible += countVisible(text, reading.enough);
    if (reading.visible >= reading.enough) leave("enough");
  },
};

/** Counts units that are not white space, up to a maximum. */
function countVisible(text: string, max: number): number {
  let count = 0;
  for (let i = 0; i < text.length && count < max; i++) if (text.charCodeAt(i) > 0x20) count += 1;
  return count;
}
