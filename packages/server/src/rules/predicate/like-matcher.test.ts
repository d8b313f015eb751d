import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { seededRandom } from "@headwater/testing/lib/seeded-random.ts";
import { superlinearFrom } from "../../testing/linear.ts";
import { TextFinder } from "./find-text.ts";
import { likeMatcher } from "./like-matcher.ts";

const database = new Database(":memory:");
const like = database.query<{ matches: number }, [string, string]>("SELECT ?1 LIKE ?2 ESCAPE '\\' AS matches");

test("matches whatever SQLite matches", () => {
  const seed = Date.now() >>> 0;
  const random = seededRandom(seed);
  const letters = ["a", "b", "A", "é", "É", "K", "😀", "_", "%", "\\", "\0"];
  const draw = (longest: number, some: readonly string[]): string =>
    Array.from({ length: random.int(0, longest) }, () => random.pick(some)).join("");
  for (let i = 0; i < 20_000; i += 1) {
    const pattern = draw(7, random.chance(50) ? ["a", "b", "%", "_"] : letters);
    const text = draw(9, random.chance(50) ? ["a", "b"] : letters);
    const expected = like.get(text, pattern)!.matches === 1;
    expect({ seed, pattern, text, matches: likeMatcher(pattern)(text) }).toMatchObject({ matches: expected });
  }
});

test("a lone surrogate is one character", () => {
  expect(likeMatcher("a_c")("a\ud800c")).toBe(true);
  expect(likeMatcher("%\udc00%")("a\ud800c")).toBe(true);
});

describe("takes time in proportion to the text", () => {
  const ab = (length: number): string => "ab".repeat(length);
  test.each<[string, string, (length: number) => string]>([
    ["a text that almost matches everywhere", `%${ab(600)}bb%`, ab],
    ["a repeated letter", `%${"a".repeat(1_200)}b%`, (length) => "a".repeat(length)],
    ["the same backwards", `%b${"a".repeat(1_200)}%`, (length) => "a".repeat(length)],
    ["many parts", `%${"a%".repeat(600)}b`, (length) => "a".repeat(length)],
    ["many parts that are long", `%${`${ab(40)}%`.repeat(15)}bb%`, ab],
  ])("for %s", (_, pattern, textOf) => {
    const matches = likeMatcher(pattern);
    expect(superlinearFrom(textOf, matches)).toBeUndefined();
  });

  test("or leaves a pattern with many `_` to the database", () => {
    const matches = likeMatcher(`%${"a_".repeat(600)}b%`);
    expect(() => matches("a".repeat(100_000))).toThrow("");
    expect(matches("a".repeat(500))).toBe(false);
  });
});

test("a text is found by either search at the same place", () => {
  const random = seededRandom(7);
  const draw = (length: number): string => Array.from({ length }, () => random.pick(["a", "b"])).join("");
  for (let i = 0; i < 30; i += 1) {
    const needle = draw(random.int(1, 12));
    const text = draw(3_000);
    const long = text + "c".repeat(5_000_000);
    const from = random.int(0, 2_000);
    const finder = new TextFinder(needle);
    expect(finder.indexIn(long, from)).toBe(text.indexOf(needle, from));
  }
}, 60_000);
