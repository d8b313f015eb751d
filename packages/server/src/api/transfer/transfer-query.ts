import { badRequest, invalid } from "../../lib/api-error.ts";
import { toBool } from "../../lib/text/coerce.ts";
import type { CsvOptions, TransferFormat } from "../../records/transfer/transfer-format.ts";
import { TRANSFER_FORMATS } from "../../records/transfer/transfer-format.ts";

type Query = Readonly<Record<string, string>>;

/** @throws ApiError 400 for an unknown format */
export function readFormat(query: Query, byType: TransferFormat | undefined): TransferFormat {
  const { format: name } = query;
  const format = name ? TRANSFER_FORMATS.find((each) => each === name) : byType;
  if (format) return format;
  const message = `It must be one of ${TRANSFER_FORMATS.join(", ")}.`;
  throw badRequest("The format is not known.", { format: invalid("validation_invalid_format", message) });
}

export const readFlag = (query: Query, name: string): boolean => toBool(query[name] ?? "");

/** @throws ApiError 400 for a delimiter that is not one character */
export function readCsvOptions(query: Query): CsvOptions {
  const { delimiter: sent = "" } = query;
  const delimiter = sent === "tab" ? "\t" : sent === "" ? "," : sent;
  if (delimiter.length !== 1 || /["\r\n]/.test(delimiter)) {
    const message = "It must be one character, such as a semicolon, or tab.";
    throw badRequest("", { delimiter: invalid("validation_invalid_delimiter", message) });
  }
  return { delimiter, raw: readFlag(query, "raw") };
}
