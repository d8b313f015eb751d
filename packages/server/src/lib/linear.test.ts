import { describe, expect, test } from "bun:test";
import { sniffText } from "../files/sniff-text.ts";
import { newFileName } from "../files/file-name.ts";
import { parseBackRelation } from "../rules/syntax/back-relation.ts";
import { replaceNames } from "../records/query/aggregate-params.ts";
import { superlinearFrom } from "../testing/linear.ts";
import { toNumber, toText, toTexts } from "./text/coerce.ts";
import { parseDateTime } from "./text/date-time.ts";
import { excerpt } from "./text/excerpt.ts";
import { isDomain, isEmail, isUrl } from "./text/formats.ts";
import { parseFields, pickFields } from "./pick-fields.ts";
import { splitTopLevel } from "./text/split-top-level.ts";

const FUNCTIONS: Readonly<Record<string, (text: string) => unknown>> = {
  toNumber,
  toText,
  toTexts,
  parseDateTime,
  isEmail,
  isDomain,
  isUrl,
  parseFields,
  "parseFields and pickFields": (text) => {
    const pick = parseFields(text);
    return pick && pickFields(Object.fromEntries(text.split(",").map((key) => [key, { [key]: 1 }])), pick);
  },
  parseBackRelation,
  splitTopLevel: (text) => splitTopLevel(text, ","),
  replaceNames: (text) =>
    replaceNames(
      text,
      new Map([
        ["a", "g0"],
        ["sum(a)", "c0"],
        ["a.b", "g1"],
      ]),
    ),
  newFileName: (text) => newFileName(text, ".txt"),
  sniffText: (text) => sniffText(new TextEncoder().encode(text)),
  excerpt: (text) => excerpt(text, 100, true),
  "excerpt of everything": (text) => excerpt(text, 10_000_000, true),
};

const UNITS = [
  ..."0.e+-,:;@ a[]{}()<>\"'`\\/%\u0000\u00e9\u2028😀".split(""),
  "1e1",
  "0.0",
  "a@",
  "a.",
  "a@a.",
  "http://",
  "1970-01-01 00:00:00.0",
  "a_via_",
  "a,",
  "abcdefghijklmnopqrstuvwxyz0123456789".split("").join(","),
  "a.b,",
  "a:excerpt(1),",
  '["",',
  '"a"',
  '""',
  "<!---->",
  "<!--",
  "<!doctype svg>",
  "<p>x",
  "</p>",
  "<b><p>",
  "<a b c>",
  "<table>",
  "&amp;",
  "\r\n",
  "#!",
  "1\n00:00:00,000 --> ",
];
const ENDS = ["", "!"];

describe("a function over client text takes linear time", () => {
  test.each(Object.entries(FUNCTIONS))(
    "%s",
    (_name, run) => {
      const slow = UNITS.flatMap((unit) => ENDS.map((end) => ({ unit, end }))).find(({ unit, end }) => {
        const textOf = (length: number): string => unit.repeat(Math.ceil(length / unit.length)) + end;
        return superlinearFrom(textOf, run, 1 << 17) !== undefined;
      });
      expect(slow).toBeUndefined();
    },
    300_000,
  );
});
