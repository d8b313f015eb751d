/** How records are written in a file: a table, a JSON object on each line, or one JSON list. */
export const TRANSFER_FORMATS = ["csv", "ndjson", "json"] as const;
export type TransferFormat = (typeof TRANSFER_FORMATS)[number];

export const CONTENT_TYPES: Readonly<Record<TransferFormat, string>> = {
  csv: "text/csv; charset=utf-8",
  ndjson: "application/x-ndjson",
  json: "application/json",
};

const EXTENSIONS: Readonly<Record<string, TransferFormat>> = {
  csv: "csv",
  ndjson: "ndjson",
  jsonl: "ndjson",
  json: "json",
};

/** By the name of a file; `undefined` for an unknown extension. */
export const formatOfFile = (name: string): TransferFormat | undefined =>
  EXTENSIONS[/\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ""];

/** By a content type; `undefined` for an unknown one. */
export function formatOfType(type: string): TransferFormat | undefined {
  const known = type.replace(/;.*$/s, "").trim().toLowerCase();
  if (known === "application/jsonl" || known === "application/x-jsonlines") return "ndjson";
  return TRANSFER_FORMATS.find((format) => CONTENT_TYPES[format].replace(/;.*$/, "") === known);
}

/** What separates the values of a line. */
export interface CsvOptions {
  readonly delimiter: string;
  /** Without the apostrophes that keep spreadsheets from running a text as a formula. */
  readonly raw: boolean;
}

/** Texts that a spreadsheet would take for a formula (OWASP, "CSV Injection"), and what looks as if it was protected already. */
const FORMULA = /^'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** Puts an apostrophe before a text that a spreadsheet would run. `withoutApostrophe` takes it away. */
export const withApostrophe = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

export const withoutApostrophe = (text: string): string =>
  text.startsWith("'") && FORMULA.test(text) ? text.slice(1) : text;
