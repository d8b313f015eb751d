/** A word or phrase of a search, as its user wrote it. */
export interface SearchTerm {
  readonly text: string;
  /** Whether its last word may go on: `data*`. */
  readonly prefix: boolean;
  /** Whether records with it are left out: `-draft`. */
  readonly not: boolean;
}

const SPACE = /\s/;
const QUOTE = /"/g;
const QUOTE_OR_SPACE = /["\s]/g;

/** Where the first such character is. */
function endOf(text: string, from: number, pattern: RegExp): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
}

/**
 * Reads `words "a phrase" begin* -not`. There are no errors: what is none of these is text, and a quote that isn't closed
 * ends with the text.
 */
export function parseSearch(text: string): readonly SearchTerm[] {
  const terms: SearchTerm[] = [];
  for (let at = 0; at < text.length;) {
    if (SPACE.test(text[at]!)) {
      at += 1;
      continue;
    }
    const not = text[at] === "-" && at + 1 < text.length && !SPACE.test(text[at + 1]!);
    if (not) at += 1;
    const isPhrase = text[at] === '"';
    const start = isPhrase ? at + 1 : at;
    const end = endOf(text, start, isPhrase ? QUOTE : QUOTE_OR_SPACE);
    const raw = text.slice(start, end);
    at = isPhrase ? end + 1 : end;
    let prefix = !isPhrase && raw.endsWith("*");
    if (isPhrase && text[at] === "*") {
      prefix = true;
      at += 1;
    }
    terms.push({ text: raw, prefix, not });
  }
  return terms;
}
