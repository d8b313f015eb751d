/** Characters at which some program ends a line, or a parser of events sees a field. */
const SPECIAL = ["\n", "\r", "\r\n", "\v", "\f", "\u001c", "\u001d", "\u001e", "\u0085", "\u2028", "\u2029", "\uFEFF"];

/** Texts that break events whose line ends are not escaped. */
export const LINE_BREAKING_TEXTS: readonly string[] = [
  ...SPECIAL.map((character) => `before${character}after`),
  ...SPECIAL.map((character) => `${character}${character}data: {"forged":true}${character}${character}`),
  ...SPECIAL.map((character) => `\\u2028 ü😀 "quoted"${character}`),
];

const LINE_ENDS = new Set(SPECIAL.filter((character) => character !== "\uFEFF"));

/** The lines of a text as Python's `str.splitlines` sees them, and what follows the last line end. */
export function splitLines(text: string): string[] {
  const lines = [""];
  for (const character of text.replaceAll("\r\n", "\n")) {
    if (LINE_ENDS.has(character)) lines.push("");
    else lines[lines.length - 1] += character;
  }
  return lines;
}
