import { expect, test } from "bun:test";
import { assert, date, property } from "fast-check";
import { dateTimeMillis, formatDateTime, parseDateTime } from "./date-time.ts";

test("a date is written in UTC with a space and three decimals", () => {
  expect(formatDateTime(new Date("2026-01-31T23:59:59.007Z"))).toBe("2026-01-31 23:59:59.007Z");
  expect(formatDateTime(0)).toBe("1970-01-01 00:00:00.000Z");
});

test("a written date is read back unchanged, and sorts chronologically", () => {
  const moment = date({ min: new Date("0002-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });
  assert(
    property(moment, moment, (a, b) => {
      const [x, y] = [formatDateTime(a), formatDateTime(b)];
      expect(parseDateTime(x)).toBe(x);
      expect(dateTimeMillis(x)).toBe(a.getTime());
      expect(x < y).toBe(a.getTime() < b.getTime());
    }),
  );
});

test.each([
  ["2024-01-02T03:04:05.123999Z", "2024-01-02 03:04:05.123Z"],
  ["2024-01-02 03:04:05+05:30", "2024-01-01 21:34:05.000Z"],
  ["02 Jan 69 15:04 MST", "1969-01-02 15:04:00.000Z"],
  ["12:30AM", "0000-01-01 00:30:00.000Z"],
  ["2024-02-30", ""],
  ["0001-01-01 00:00:00Z", ""],
  ["tomorrow", ""],
])("%p is read as %p", (text, moment) => {
  expect(parseDateTime(text)).toBe(moment);
});

test("an empty text has no time", () => {
  expect(dateTimeMillis("")).toBeNaN();
});
