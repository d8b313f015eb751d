import { CsvError, parse } from "csv-parse";
import type { CsvOptions } from "./transfer-format.ts";
import { type ReadRow, UnreadableFile } from "./read-row.ts";

/**
 * The records of a table whose first line has the names of its columns. Values may be quoted, with line breaks in them; lines
 * end with LF, CRLF or CR.
 */
export async function* readCsv(
  texts: AsyncIterable<string>,
  maxLength: number,
  { delimiter }: CsvOptions,
): AsyncGenerator<ReadRow> {
  const table = new TableReader(delimiter, maxLength);
  for await (const text of texts) {
    const error = await table.write(text);
    yield* table.take();
    if (error) throw table.explain(error);
  }
  const error = await table.end();
  yield* table.take();
  if (error) throw table.explain(error);
}

/** Takes the records that the parser finds at once: when it fails, its stream forgets those that nobody has read. */
class TableReader {
  readonly #parser;
  readonly #maxLength: number;
  #rows: ReadRow[] = [];
  #names: readonly string[] | undefined;
  /** The last line of the last record. */
  #line = 0;
  #error: Error | undefined;

  constructor(delimiter: string, maxLength: number) {
    this.#maxLength = maxLength;
    this.#parser = parse({
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      record_delimiter: ["\r\n", "\n", "\r"],
      max_record_size: maxLength,
      on_record: (record: readonly string[], { lines }) => {
        this.#add(record, lines);
        return null;
      },
    });
    this.#parser.on("error", (error) => (this.#error = error));
    this.#parser.resume();
  }

  /** @returns what ends the file */
  async write(text: string): Promise<Error | undefined> {
    await new Promise<void>((resolve) => this.#parser.write(text, () => resolve()));
    return this.#error;
  }

  async end(): Promise<Error | undefined> {
    await new Promise<void>((resolve) => this.#parser.once("close", resolve).end());
    return this.#error;
  }

  take(): readonly ReadRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  explain(error: Error): Error {
    if (!(error instanceof CsvError)) return error;
    const { code, message } = error;
    const reason =
      code === "CSV_QUOTE_NOT_CLOSED"
        ? "A quote is not closed."
        : code === "CSV_MAX_RECORD_SIZE"
          ? `It has more than ${this.#maxLength} characters, which no record can have. Is a quote not closed?`
          : `${message}.`;
    return new UnreadableFile(this.#line + 1, reason);
  }

  #add(values: readonly string[], lines: number): void {
    const line = this.#line + 1;
    this.#line = lines;
    const names = this.#names;
    if (!names) {
      this.#names = values;
      const twice = repeated(values);
      if (twice !== undefined) this.#error = new UnreadableFile(line, `It names the column "${twice}" more than once.`);
    } else if (this.#error) {
      // The rows of a table that can't be read are not taken.
    } else if (names.length === values.length) {
      this.#rows.push({ line, values: Object.fromEntries(names.map((name, at) => [name, values[at]!])) });
    } else {
      const problem = `It has ${values.length} values, and the first line has ${names.length} names.`;
      this.#rows.push({ line, problem });
    }
  }
}

/** The first name that is there again; columns without a name are left out. */
function repeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => name !== "" && (seen.has(name) || !seen.add(name)));
}
