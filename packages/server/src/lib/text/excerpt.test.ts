import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { excerpt } from "./excerpt.ts";

describe("excerpt", () => {
  test("HTML that nests too deeply for PocketBase's parser stays as it is", () => {
    const html = (depth: number): string => `${"<div>".repeat(depth)}hi there`;
    expect(excerpt(html(510), 20, false)).toBe("hi there");
    expect(excerpt(html(511), 20, false)).toBe(html(511));
    expect(excerpt(html(20_000), 20, false)).toBe(html(20_000));
  });

  test("misnested elements don't exhaust the stack", () => {
    for (const unit of ["<form><b><p></form></b>", "<b><p></b><i><div></i>", "<a><table>", "<table><tr><a>x"]) {
      expect(typeof excerpt(unit.repeat(5_000), 20, true)).toBe("string");
    }
  });

  test("it stops once it has enough", () => {
    const start = "<p>one two</p>".repeat(20_000);
    expect(excerpt(`${start}${"<div>".repeat(10_000)}`, 11, true)).toBe("one two one...");
  });

  test("the excerpt of a long text is that of the whole", () => {
    const piece = fc.constantFrom(
      "<p>",
      "</p>",
      "<b>",
      "x y",
      "&amp;",
      "<table><tr><td>in</table>",
      "š",
      "<script>s</script>",
      " ",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 30 }), (pieces, max) => {
        const html = pieces.join("");
        // What follows closes all that the property opened, so only the parts before it count.
        const long = `${html}${"<i>z</i>".repeat(5_000)}`;
        const short = `${html}${"<i>z</i>".repeat(100)}`;
        expect(excerpt(long, max, true)).toBe(excerpt(short, max, true));
      }),
    );
  });

  test("text after a large picture is found", () => {
    expect(excerpt(`<img src="data:${"A".repeat(1_000_000)}">hello`, 20, false)).toBe("hello");
  });
});
