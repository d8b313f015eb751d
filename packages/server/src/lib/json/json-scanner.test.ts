import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { JsonScanner } from "./json-scanner.ts";
import { parseStrictBytes, parseStrictText } from "./strict-json.ts";

const LIMITS = { depth: 10_000, keys: 0, items: 0 };

describe("parseStrictText refuses what PocketBase's decoder refuses", () => {
  test.each([
    ["a name that occurs twice", '{"a":1,"a":2}'],
    ["the same name, escaped", String.raw`{"a":1,"\u0061":2}`],
    ["a name that occurs twice inside", '{"a":[{"b":{"c":1,"c":1}}]}'],
    ["the first half of a pair", String.raw`"\ud800"`],
    ["the second half", String.raw`"\udc00"`],
    ["halves in the wrong order", String.raw`"\udc00\ud800"`],
    ["two first halves", String.raw`"\ud800\ud800\udc00"`],
    ["a half before a character", String.raw`"\ud800a"`],
    ["a half before another escape", String.raw`"\ud800\n"`],
    ["a half in a name", String.raw`{"\ud800":1}`],
    ["a number out of range", "[1e400]"],
    ["a negative one", '{"a":-1e400}'],
    ["a trailing comma", "[1,]"],
    ["nothing", ""],
  ])("%s: %s", (_name, text) => expect(() => parseStrictText(text)).toThrow(SyntaxError));

  test("bytes that are not UTF-8", () => {
    expect(() => parseStrictBytes(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(TypeError);
    expect(() => parseStrictBytes(new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]))).toThrow(TypeError);
  });
});

test.each(['"\\ud83d\\ude00"', '"\\\\ud800"', '"😀"', '{"":{"":1}}', '{"__proto__":1,"constructor":2}', "null", "-0"])(
  "%s is accepted",
  (text) => {
    expect(parseStrictText(text)).toEqual(JSON.parse(text));
  },
);

test("any JSON is the same as from JSON.parse, however its bytes arrive", () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: "binary" }), fc.integer({ min: 1, max: 60 }), (text, size) => {
      const bytes = new TextEncoder().encode(text);
      const scanner = new JsonScanner(LIMITS);
      for (let at = 0; at < bytes.length; at += size) scanner.scan(bytes.subarray(at, at + size));
      expect([scanner.depth, scanner.inString]).toEqual([0, false]);
      expect(parseStrictText(text)).toEqual(JSON.parse(text));
    }),
  );
});

describe("the scanner stops at a limit", () => {
  const scan = (text: string, limits: Partial<typeof LIMITS>) => (): void =>
    new JsonScanner({ ...LIMITS, ...limits }).scan(new TextEncoder().encode(text));

  test("of depth", () => {
    expect(scan("[[[]]]", { depth: 3 })).not.toThrow();
    expect(scan("[[[[", { depth: 3 })).toThrow("too much depth");
    expect(scan('{"a":{"a":{"a":[', { depth: 3 })).toThrow("too much depth");
    expect(scan('["[[[[", "\\"[[[["]', { depth: 1 })).not.toThrow();
  });

  test("of keys", () => {
    expect(scan('{"a":1,"b:,c":{"c":":"}}', { keys: 3 })).not.toThrow();
    expect(scan('{"a":1,"b":{"c":1,"d":', { keys: 3 })).toThrow("too many keys");
  });

  test("of items", () => {
    expect(scan("[1,2,3]", { items: 3 })).not.toThrow();
    expect(scan("[1,2,3,", { items: 3 })).toThrow("too many items");
    expect(scan("[{},{},{}", { items: 3 })).toThrow("too many items");
    expect(scan('{"a":1,"b":2,"c":3,"d":4}', { items: 1 })).not.toThrow();
  });
});
