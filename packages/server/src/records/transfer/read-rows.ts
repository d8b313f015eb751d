import { isUtf8 } from "node:buffer";
import type { CsvOptions, TransferFormat } from "./transfer-format.ts";
import { readCsv } from "./read-csv.ts";
import { readJsonLines, readJsonList } from "./read-json.ts";
import { type ReadRow, UnreadableFile } from "./read-row.ts";

export interface ReadOptions extends CsvOptions {
  readonly format: TransferFormat;
  /** Characters of one row. */
  readonly maxLength: number;
}

/**
 * The rows of a file as it arrives.
 *
 * @throws UnreadableFile where no further row can be found
 */
export function readRows(chunks: AsyncIterable<Uint8Array>, options: ReadOptions): AsyncGenerator<ReadRow> {
  const texts = textsOf(chunks);
  if (options.format === "csv") return readCsv(texts, options.maxLength, options);
  return (options.format === "json" ? readJsonList : readJsonLines)(texts, options.maxLength);
}

/** Without the mark that some programs put before UTF-8. @throws UnreadableFile at the first line that is not UTF-8 */
async function* textsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let line = 1;
  let rest = new Uint8Array();
  const decode = function* (bytes: Uint8Array): Generator<string> {
    if (isUtf8(bytes)) {
      const text = decoder.decode(bytes, { stream: true });
      for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) line += 1;
      if (text !== "") yield text;
      return;
    }
    const end = bytes.indexOf(LF) + 1;
    if (end === 0 || !isUtf8(bytes.subarray(0, end))) throw new UnreadableFile(line, "It is not UTF-8.");
    yield* decode(bytes.subarray(0, end));
    yield* decode(bytes.subarray(end));
  };
  for await (const chunk of chunks) {
    // In parts: a chunk may be megabytes, and others get their turn between two parts.
    for (let at = 0; at < chunk.length; at += PART) {
      const bytes = Buffer.concat([rest, chunk.subarray(at, at + PART)]);
      const end = endOfCharacters(bytes);
      rest = bytes.subarray(end);
      yield* decode(bytes.subarray(0, end));
    }
  }
  yield* decode(rest);
}

/** Bytes. */
const PART = 64 << 10;
const LF = 10;

/** Where the last character begins, if more of its bytes are to come; otherwise the end. */
function endOfCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back < length ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
