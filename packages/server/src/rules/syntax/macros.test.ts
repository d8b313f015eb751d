import { expect, test } from "bun:test";
import { isMacro, macroValue } from "./macros.ts";

const at = (now: string) => (name: string) => {
  if (!isMacro(name)) throw new Error(`${name} is not a macro`);
  return macroValue(name, new Date(now));
};

test("a date macro gives a date in the stored form, in UTC", () => {
  const value = at("2024-02-29T23:30:45.678+01:00");
  expect(value("@now")).toBe("2024-02-29 22:30:45.678Z");
  expect(value("@yesterday")).toBe("2024-02-28 22:30:45.678Z");
  expect(value("@tomorrow")).toBe("2024-03-01 22:30:45.678Z");
  expect(value("@todayStart")).toBe("2024-02-29 00:00:00.000Z");
  expect(value("@todayEnd")).toBe("2024-02-29 23:59:59.999Z");
  expect(value("@monthStart")).toBe("2024-02-01 00:00:00.000Z");
  expect(value("@monthEnd")).toBe("2024-02-29 23:59:59.999Z");
  expect(value("@yearStart")).toBe("2024-01-01 00:00:00.000Z");
  expect(value("@yearEnd")).toBe("2024-12-31 23:59:59.999Z");
});

test("parts of the date are integers; Sunday is 0, January is 1", () => {
  const value = at("2023-01-01T04:05:06Z");
  expect(["@year", "@month", "@day", "@weekday", "@hour", "@minute", "@second"].map(value)).toEqual([
    2023n,
    1n,
    1n,
    0n,
    4n,
    5n,
    6n,
  ]);
});

test("macro names are case-sensitive", () => {
  expect(isMacro("@Now")).toBe(false);
  expect(isMacro("@toString")).toBe(false);
  expect(isMacro("constructor")).toBe(false);
});
