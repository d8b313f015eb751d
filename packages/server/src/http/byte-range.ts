/** Byte offsets, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Parses a `Range` header (RFC 9110, section 14.2). A request for several ranges gets the whole file, which the RFC allows
 * and every client understands.
 *
 * @param size of the file, in bytes
 * @returns `outside` if the range starts after the end of the file, `malformed` if the header is not a range
 */
export function readRange(header: string | null, size: number): ByteRange | "whole" | "outside" | "malformed" {
  if (header === null || header === "") return "whole";
  const ranges = /^bytes=(.*)$/.exec(header)?.[1]?.split(",");
  if (!ranges) return "malformed";
  const [range = "", ...others] = ranges.map((text) => text.trim()).filter((text) => text !== "");
  if (range === "" || others.length > 0) return "whole";

  const [, first = "", last = ""] = /^(\d*)\s*-\s*(\d*)$/.exec(range) ?? [];
  if (first === "" && last === "") return "malformed";
  if (first === "") return last === "0" ? "outside" : inside(Math.max(0, size - Number(last)), size - 1, size);
  if (last !== "" && Number(last) < Number(first)) return "malformed";
  return inside(Number(first), last === "" ? size - 1 : Number(last), size);
}

const inside = (start: number, end: number, size: number): ByteRange | "outside" =>
  start >= size ? "outside" : { start, end: Math.min(end, size - 1) };
