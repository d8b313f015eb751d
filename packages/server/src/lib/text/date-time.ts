/**
 * Dates as PocketBase stores them: `2026-01-31 23:59:59.123Z`, always in UTC and with three decimals, "" for no date.
 * Text in this form sorts chronologically.
 */

/** @param date a Date, or milliseconds since 1970 */
export function formatDateTime(date: Date | number): string {
  return (typeof date === "number" ? new Date(date) : date).toISOString().replace("T", " ");
}

/** Converts a text in the stored form to milliseconds since 1970; NaN for "". */
export const dateTimeMillis = (text: string): number => (text === "" ? Number.NaN : Date.parse(text.replace(" ", "T")));

/**
 * Parses the date formats that PocketBase accepts (those of Go's `cast` library). A date without a zone is UTC.
 *
 * @returns the date in the stored form, truncated to milliseconds; "" for an unreadable text
 */
export function parseDateTime(text: string): string {
  if (isStored(text)) return text;
  for (const layout of LAYOUTS) {
    const parts = layout.exec(text)?.groups;
    if (parts) return toText(parts);
  }
  return "";
}

/** Whether the text is in the stored form already, as all that is read from the database. 29 February is left to the rest. */
const isStored = (text: string): boolean => text.length === 24 && STORED.test(text);
const DAY_OF_YEAR = "(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)";
const STORED = new RegExp(`^[1-9]\\d{3}-${DAY_OF_YEAR} (?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d\\.\\d{3}Z$`);

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/** Names of days and months are case-insensitive; the letters T, Z, AM and PM are not. */
const anyCase = (names: string): string =>
  names.replaceAll(/[a-z]/gi, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`);
const DAY = anyCase("(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)");
const LONG_DAY = anyCase("(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day");
const MONTH = `(?<month>${anyCase(MONTHS.join("|"))})`;
const TIME = String.raw`(?<hour>\d\d?):(?<minute>\d\d):(?<second>\d\d)(?:[.,](?<fraction>\d+))?`;
const DATE = String.raw`(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)`;
/** A zone name does not change the time: `cast` treats it as a label. */
const NAMED = String.raw`(?:[A-Z]{3,5}|GMT[+-]\d{1,2}|[+-]\d\d)`;
const OFFSET = String.raw`(?<sign>[+-])(?<hours>\d\d):?(?<minutes>\d\d)`;

const LAYOUTS: readonly RegExp[] = [
  `${DATE}(?:[T ]${TIME})?`,
  `${DATE}T${TIME}(?:Z|${OFFSET})`,
  `${DATE} ${TIME}(?:Z| ?${OFFSET})`,
  `${DATE} ${TIME} ${OFFSET} ${NAMED}`,
  String.raw`${DAY}, (?<day>\d\d) ${MONTH} (?<year>\d{4}) ${TIME} (?:${OFFSET}|${NAMED})`,
  String.raw`(?<day>\d\d) ${MONTH} (?<shortYear>\d\d) (?<hour>\d\d?):(?<minute>\d\d) (?:${OFFSET}|${NAMED})`,
  String.raw`${LONG_DAY}, (?<day>\d\d)-${MONTH}-(?<shortYear>\d\d) ${TIME} ${NAMED}`,
  String.raw`${DAY} ${MONTH} +(?<day>\d\d?) ${TIME}(?: ${NAMED})? (?<year>\d{4})`,
  String.raw`${DAY} ${MONTH} (?<day>\d\d) ${TIME} ${OFFSET} (?<year>\d{4})`,
  String.raw`(?<day>\d\d) ${MONTH} (?<year>\d{4})`,
  String.raw`(?<hour>\d\d?):(?<minute>\d\d)(?<half>AM|PM)`,
  String.raw`${MONTH} +(?<day>\d\d?) ${TIME}`,
].map((source) => new RegExp(`^${source}$`));

function toText(parts: Record<string, string | undefined>): string {
  const year = parts.shortYear === undefined ? Number(parts.year ?? 0) : fullYear(Number(parts.shortYear));
  const month = parts.month === undefined ? 1 : MONTHS.indexOf(parts.month.toLowerCase()) + 1 || Number(parts.month);
  const day = Number(parts.day ?? 1);
  const hour = hourOf(parts);
  const minute = Number(parts.minute ?? 0);
  const second = Number(parts.second ?? 0);
  const offset = Number(parts.hours ?? 0) * 60 + Number(parts.minutes ?? 0);
  if (hour > 23 || minute > 59 || second > 59 || Number(parts.minutes ?? 0) > 59) return "";

  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // Date rolls over a day that the month does not have; Go refuses it.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return "";
  const millisecond = Number((parts.fraction ?? "").slice(0, 3).padEnd(3, "0"));
  date.setUTCHours(hour, minute - (parts.sign === "-" ? -offset : offset), second, millisecond);
  const text = formatDateTime(date);
  // Go's zero time means no date; a year with more than four digits would not sort.
  return text === ZERO || !/^\d{4}-/.test(text) ? "" : text;
}

const ZERO = "0001-01-01 00:00:00.000Z";

/** Two-digit years as in Go: 69 and above are in the 20th century. */
const fullYear = (short: number): number => short + (short >= 69 ? 1900 : 2000);

function hourOf({ hour = "0", half }: Record<string, string | undefined>): number {
  if (half === undefined) return Number(hour);
  return Number(hour) > 12 ? 24 : (Number(hour) % 12) + (half === "PM" ? 12 : 0);
}
