import { JsonScanner } from "./json-scanner.ts";
import { MAX_JSON_DEPTH, parseStrictBytes } from "./strict-json.ts";

/** Where a value is in the bytes of a JSON text. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
const LIMITS = { depth: MAX_JSON_DEPTH, keys: 0, items: 0 };
/** Bytes that are scanned at once. It takes a few milliseconds. */
const STEP = 2 << 20;

/**
 * Finds the items of a list, or the members of an object, without building them. Lets other work run in between.
 *
 * @param max no more are looked for
 * @throws SyntaxError if the text is not one list or object
 */
export async function findSpans(
  bytes: Uint8Array,
  { from, to }: Span,
  max = Number.POSITIVE_INFINITY,
): Promise<Span[]> {
  const finder = new SpanFinder(bytes);
  for (let at = from; at < to && finder.end < 0 && finder.spans.length < max; at += STEP) {
    if (at > from) await new Promise(setImmediate);
    finder.scanner.scan(bytes, at, Math.min(at + STEP, to));
  }
  const isWhole = finder.end >= 0 && isBlank(bytes, finder.end, to);
  if (!isWhole && finder.spans.length < max) throw new SyntaxError("not a list or object");
  return finder.spans.slice(0, max);
}

class SpanFinder {
  readonly spans: Span[] = [];
  /** Where the list or object ends; -1 as long as it is open. */
  end = -1;
  readonly scanner = new JsonScanner(LIMITS, { onMark: (byte, at) => this.#mark(byte, at) });
  #start = -1;

  constructor(readonly bytes: Uint8Array) {}

  #mark(byte: number, at: number): void {
    if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      if (this.#start < 0) this.#start = at + 1;
    } else if (byte === COMMA || this.scanner.depth === 0) {
      const isEmpty = byte !== COMMA && this.spans.length === 0 && isBlank(this.bytes, this.#start, at);
      if (!isEmpty) this.spans.push({ from: this.#start, to: at });
      this.#start = at + 1;
      if (byte !== COMMA) this.end = at + 1;
    }
  }
}

/**
 * The values of an object's members by name, without building them.
 *
 * @throws SyntaxError if the text is not one object, or a name occurs twice
 */
export async function findMembers(bytes: Uint8Array, whole: Span): Promise<ReadonlyMap<string, Span>> {
  const members = new Map<string, Span>();
  for (const span of await findSpans(bytes, whole)) {
    const colon = colonIn(bytes, span);
    const name = parseStrictBytes(bytes.subarray(span.from, colon));
    if (typeof name !== "string" || members.has(name)) throw new SyntaxError("not an object with different names");
    members.set(name, { from: colon + 1, to: span.to });
  }
  return members;
}

function colonIn(bytes: Uint8Array, { from, to }: Span): number {
  let escaped = false;
  let inString = false;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at];
    if (escaped) escaped = false;
    else if (byte === 0x5c) escaped = true;
    else if (byte === 0x22) inString = !inString;
    else if (byte === COLON && !inString) return at;
  }
  throw new SyntaxError("not a member");
}

function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (bytes[at]! > 0x20) return false;
  return true;
}
