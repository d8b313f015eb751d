import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { excerpt } from "./text/excerpt.ts";
import { parseFields, pickFields } from "./pick-fields.ts";

const pick = (value: unknown, fields: string): unknown => {
  const parsed = parseFields(fields);
  return parsed === undefined ? "invalid" : pickFields(value, parsed);
};

const NESTED = {
  id: "123",
  title: "lorem",
  rel: { id: "456", title: "rel_title", sub: { id: "789", title: "sub_title" } },
};

describe("pickFields", () => {
  test.each([
    ["no fields keep everything", { a: 1, b: 2 }, "", { a: 1, b: 2 }],
    ["empty items are ignored", { a: 1, b: 2 }, " , ", { a: 1, b: 2 }],
    ["unknown fields keep nothing", { a: 1 }, "missing", {}],
    ["a scalar is unchanged", "test", "a,b", "test"],
    ["a list of scalars is unchanged", ["a", "b"], "a", ["a", "b"]],
    ["spaces around names are trimmed", { a: 1, b: 2, c: 3 }, "a,  c  ,missing", { a: 1, c: 3 }],
    ["lists are picked item by item", [{ a: 1, b: 2 }, { b: 3 }], "a", [{ a: 1 }, {}]],
    ["lists inside are traversed", { a: [{ b: 1, c: 2 }, { c: 3 }] }, "a.b", { a: [{ b: 1 }, {}] }],
    ["a path through a scalar keeps the scalar", { a: 1 }, "a.b", { a: 1 }],
    ["a field wins over its parts", { a: { b: 1, c: 2 } }, "a.b,a", { a: { b: 1, c: 2 } }],
    ["a wildcard keeps the level", NESTED, "*", NESTED],
    ["a path narrows a wildcard", NESTED, "*,rel.id", { id: "123", title: "lorem", rel: { id: "456" } }],
    [
      "a nested wildcard with an exception",
      NESTED,
      "id,rel.*,rel.sub.id",
      { id: "123", rel: { id: "456", title: "rel_title", sub: { id: "789" } } },
    ],
    ["names are case-sensitive", { a: 1 }, "A", {}],
    ["a NUL ends a name", { a: 1, b: 2, c: 3 }, "a\0b, \0c\0", { a: 1, b: 2, c: 3 }],
    ["a NUL instead of a name ends the list", { a: 1, b: 2, c: 3 }, "a,\0b", { a: 1 }],
    ["a NUL in brackets leaves them open", { a: 1 }, "a:excerpt(1\0)", "invalid"],
  ])("%s", (_name, value, fields, expected) => {
    expect(pick(value, fields)).toEqual(expected);
  });

  test.each([
    ["an unknown modifier", "a:missing(1)"],
    ["an empty modifier", "a:"],
    ["a missing maximum", "a:excerpt()"],
    ["a maximum of zero", "a:excerpt(0)"],
    ["a maximum that is not a number", "a:excerpt(x)"],
    ["too many arguments", "a:excerpt(1, true, 2)"],
    ["an open bracket", "a:excerpt(1"],
    ["an open quote", "a,'b"],
  ])("%s is invalid", (_name, fields) => {
    expect(parseFields(fields)).toBeUndefined();
  });

  test("a key with dots counts as the path that it looks like", () => {
    expect(pick({ "a.b": 1, "a.c": 2, "a.d": { e: 3, f: 4 } }, "a.b,a.d.e")).toEqual({ "a.b": 1, "a.d": { e: 3 } });
  });

  test("a picked object has only existing keys, with their values", () => {
    const key = fc.constantFrom("a", "b", "c", "d");
    fc.assert(
      fc.property(fc.dictionary(key, fc.integer()), fc.array(key, { minLength: 1 }), (value, keys) => {
        const expected = Object.fromEntries(Object.entries(value).filter(([name]) => new Set<string>(keys).has(name)));
        expect(pick(value, keys.join(","))).toEqual(expected);
      }),
    );
  });
});

describe("excerpt", () => {
  test.each([
    [
      "tags are removed, and blocks separate words",
      "<h1>One</h1><p>two <b>three</b></p>four",
      100,
      "",
      "One two three four",
    ],
    ["inline tags don't separate words", "a<b>b</b><i>c</i>", 100, "", "abc"],
    ["white space collapses", "  a \n\t b  ", 100, "", "a b"],
    [
      "scripts, styles and buttons are removed",
      "a<script>x</script><style>y</style><button>z</button>b",
      100,
      "",
      "ab",
    ],
    ["entities are decoded", "a &amp; b &lt;c&gt;", 100, "", "a & b <c>"],
    ["the cut counts code points", "žšč", 2, "", "žš"],
    ["the cut is trimmed", "ab cd", 3, "", "ab"],
    ["an ellipsis marks a cut", "abcdef", 3, ", true", "abc..."],
    ["no ellipsis if nothing was cut", "abc", 3, ", true", "abc"],
  ])("%s", (_name, html, max, ellipsis, expected) => {
    expect(pick({ a: html }, `a:excerpt(${max}${ellipsis})`)).toEqual({ a: expected });
  });

  test("a value that is not a text is unchanged", () => {
    expect(pick({ a: 1, b: [1] }, "*:excerpt(1)")).toEqual({ a: 1, b: [1] });
  });

  test("is never longer than the maximum", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40 }), (text, max) => {
        expect(Array.from(excerpt(text, max, false)).length).toBeLessThanOrEqual(max);
      }),
    );
  });
});
