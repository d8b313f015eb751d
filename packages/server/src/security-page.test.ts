import { expect, test } from "bun:test";
import { SETTINGS } from "./flags.ts";

const PAGE = await Bun.file(new URL("../../../docs/security.md", import.meta.url)).text();
const IS_LIMIT = /^--(?:max|keep|query|readers?|sql|advice|hook|block)\b|-rate$/;

/** The rows of the tables by the flag that they name. */
const rows = new Map(
  PAGE.split("\n").flatMap((line) => {
    const [, , flag, value] = line.split("|").map((cell) => cell.trim().replaceAll("`", ""));
    return flag !== undefined && /^--[a-z]/.test(flag) && value !== undefined ? [[flag, value] as const] : [];
  }),
);

test("docs/security.md lists every limit with its default, and no other", () => {
  const limits = Object.values(SETTINGS).filter(({ flag }) => IS_LIMIT.test(flag));
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(limits.map(({ flag, fallback }) => [flag, fallback])));
});
