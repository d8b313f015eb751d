import fc, { type Arbitrary } from "fast-check";

/** Texts that parsers, databases and encodings stumble over. */
const NASTY = [
  "",
  "\0",
  "\ud800",
  "\udc00x",
  "\u2028",
  "\ufeff",
  "\r\n",
  "'",
  '"',
  "\\",
  "`",
  "%",
  "%00",
  "%ff",
  "_",
  "..",
  "/",
  "//",
  "../../data.db",
  "?",
  "#",
  "&",
  ";",
  ":",
  "@",
  "()",
  ")(",
  "[]",
  "{}",
  "{{}}",
  "&&",
  "||",
  "?=",
  "--",
  "/*",
  "null",
  "true",
  "NaN",
  "Infinity",
  "-0",
  "1e999",
  "0x10",
  "9007199254740993",
  "-99999999999999999999",
  "__proto__",
  "constructor",
  "toString",
  "💥",
  "e\u0301",
  "ﬃ",
  "a".repeat(3_000),
  "(".repeat(300),
  "[".repeat(300),
  "'".repeat(301),
  "\\".repeat(301),
  "2024-02-30 25:61:61Z",
  "1970-01-01",
] as const;

export const nasty: Arbitrary<string> = fc.constantFrom(...NASTY);

/** Any text, often a nasty one. */
export const anyText: Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: nasty },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ maxLength: 20 }) },
);

type Edit = readonly [kind: "insert" | "delete" | "double" | "move", at: number, length: number, text: string];

const edit: Arbitrary<Edit> = fc.tuple(
  fc.constantFrom("insert", "delete", "double", "move"),
  fc.nat(10_000),
  fc.nat(12),
  nasty,
);

/** Texts of a grammar, one in four with a few edits. */
export const mutated = (texts: Arbitrary<string>): Arbitrary<string> =>
  fc
    .tuple(
      texts,
      fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(edit, { minLength: 1, maxLength: 3 }) },
      ),
    )
    .map(applyEdits);

function applyEdits([text, edits]: readonly [string, readonly Edit[]]): string {
  return edits.reduce((result, [kind, place, length, inserted]) => {
    const at = place % (result.length + 1);
    const [head, piece, tail] = [result.slice(0, at), result.slice(at, at + length), result.slice(at + length)];
    if (kind === "insert") return head + inserted + piece + tail;
    if (kind === "double") return head + piece + piece + tail;
    if (kind === "move") return piece + head + tail;
    return head + tail;
  }, text);
}

/** Encodes for a URL, also what has no encoding. */
export const encode = (text: string): string => encodeURIComponent(text.toWellFormed());

/** A query string; values that are left out are `undefined`. */
export const queryOf = (parameters: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(parameters)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encode(value)}`]))
    .join("&");
