import { expect, test } from "bun:test";
import { urlParameters } from "./url-parameters.ts";

test.each([
  ["", []],
  [
    "?a=1&b=%20+c&&=&a",
    [
      ["a", "1"],
      ["b", "  c"],
      ["", ""],
      ["a", ""],
    ],
  ],
  ["?a=1;b=2&c=3", [["c", "3"]]],
  ["?a=%&b=%2&c=%zz&%=1&d=%41", [["d", "A"]]],
  ["??a=1&b=;", [["?a", "1"]]],
  ["?a=%3B%25", [["a", ";%"]]],
])("%s", (search, parameters) => {
  expect([...urlParameters(new URL(`http://localhost/${search}`))]).toEqual(parameters as [string, string][]);
});
