import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { newFileName } from "./file-name.ts";

describe("newFileName", () => {
  test.each([
    ["a plain name", "test.txt", /^test_[a-z0-9]{10}\.txt$/],
    ["a double extension", "Archive.tar.gz", /^archive_[a-z0-9]{10}\.tar\.gz$/],
    ["two extensions at most", "a.b.c.tar.gz", /^a_b_c_[a-z0-9]{10}\.tar\.gz$/],
    ["words are split by case and by other characters", "MyPhotoHTML 1+čé.png", /^my_photo_html_1_[a-z0-9]{10}\.png$/],
    ["a short stem gets more randomness", "a.png", /^a[a-z0-9]{10}_[a-z0-9]{10}\.png$/],
    ["no stem at all", ".png", /^[a-z0-9]{10}_[a-z0-9]{10}\.png$/],
    ["a missing extension is replaced by the sniffed one", "readme", /^readme_[a-z0-9]{10}\.txt$/],
    ["an unsafe extension is replaced by the sniffed one", "readme./%", /^readme_[a-z0-9]{10}\.txt$/],
    ["a long extension keeps its end", `test.${"a".repeat(10)}${"b".repeat(20)}`, /^test_[a-z0-9]{10}\.b{20}$/],
    ["a long stem is cut", `${"a".repeat(150)}.txt`, /^a{100}_[a-z0-9]{10}\.txt$/],
  ])("%s", (_name, original, expected) => {
    expect(newFileName(original, ".txt")).toMatch(expected);
  });

  test("any name gives a name that is safe on every file system", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (original) => {
        const name = newFileName(original, ".bin");
        expect(name).toMatch(/^[a-z0-9_]{13,111}[\w.*\-+=#]*$/);
        expect(name.length).toBeLessThanOrEqual(150);
      }),
    );
  });
});
