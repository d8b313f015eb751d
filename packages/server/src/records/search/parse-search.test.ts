import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseSearch } from "./parse-search.ts";

const word = (text: string) => ({ text, prefix: false, not: false });

test.each<[string, ReturnType<typeof parseSearch>]>([
  ["", []],
  [" \t\n ", []],
  ["two words", [word("two"), word("words")]],
  ['"a phrase" word', [word("a phrase"), word("word")]],
  ["data*", [{ ...word("data*"), prefix: true }]],
  ['"data ba"*', [{ ...word("data ba"), prefix: true }]],
  ["-not", [{ ...word("not"), not: true }]],
  ['-"not this"', [{ ...word("not this"), not: true }]],
  ["-", [word("-")]],
  ["- a", [word("-"), word("a")]],
  ["--a", [{ ...word("-a"), not: true }]],
  ['"open', [word("open")]],
  ['"', [word("")]],
  ['a"b c"d', [word("a"), word("b c"), word("d")]],
  ["NOT (a OR b)", [word("NOT"), word("(a"), word("OR"), word("b)")]],
])("%p", (text, terms) => {
  expect(parseSearch(text)).toEqual(terms);
});

test("any text is a search", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const term of parseSearch(text)) expect(text).toContain(term.text);
    }),
  );
});
