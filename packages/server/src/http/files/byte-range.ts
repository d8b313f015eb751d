/** Byte offsets; `end` is not included. Empty at the end of a file for `bytes=-0`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Each range costs a read of its own, which a file in a bucket turns into a request. */
const MAX_RANGES = 100;

/**
 * Parses a `Range` header (RFC 9110, section 14.2) as Go's `http.ServeContent` does, which PocketBase uses.
 *
 * @param size of the file, in bytes
 * @returns the ranges that are inside the file, none for the whole file, which more than 100 ranges get; `outside` if there are ranges, but none inside the
 *   file; `malformed` if the header is not a list of ranges
 */
export function readRanges(header: string | null, size: number): readonly ByteRange[] | "outside" | "malformed" {
  if (header === null || header === "") return [];
  if (!header.startsWith("bytes=")) return "malformed";
  const ranges: ByteRange[] = [];
  let isOutside = false;
  for (const text of header.slice("bytes=".length).split(",")) {
    if (text.trim() === "") continue;
    const range = readRange(text.trim(), size);
    if (range === "malformed") return range;
    if (range === "outside") isOutside = true;
    else ranges.push(range);
  }
  // Any range is outside an empty file, which is served as it is.
  if (isOutside && ranges.length === 0) return size === 0 ? [] : "outside";
  if (ranges.length > MAX_RANGES) return [];
  // Ranges that overlap could make a small file a large answer.
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0) > size ? [] : ranges;
}

function readRange(text: string, size: number): ByteRange | "outside" | "malformed" {
  const dash = text.indexOf("-");
  if (dash < 0) return "malformed";
  const [first, last] = [text.slice(0, dash).trim(), text.slice(dash + 1).trim()];
  if (first === "") {
    const count = last.startsWith("-") ? Number.NaN : integerOf(last);
    return Number.isNaN(count) ? "malformed" : { start: Math.max(0, size - count), end: size };
  }
  const start = integerOf(first);
  if (Number.isNaN(start)) return "malformed";
  if (start >= size) return "outside";
  if (last === "") return { start, end: size };
  const end = integerOf(last);
  return Number.isNaN(end) || start > end ? "malformed" : { start, end: Math.min(end + 1, size) };
}

/** Of 63 bits; NaN if the text is none. */
const integerOf = (text: string): number =>
  /^\+?\d+$/.test(text) && BigInt(text.replace("+", "")) < 2n ** 63n ? Number(text) : Number.NaN;
