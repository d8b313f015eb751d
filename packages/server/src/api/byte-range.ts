/** A part of a file; both ends belong to it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a `Range` header (RFC 9110, section 14.2). One range is served; a request for several gets the whole file, which the
 * RFC allows and every client understands.
 *
 * @param size of the file, in bytes
 */
export function readRange(header: string | null, size: number): ByteRange | "whole" | "unsatisfiable" {
  if (header === null) return "whole";
  const match = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/.exec(header);
  if (!match) return header.startsWith("bytes=") && header.includes(",") ? "whole" : "unsatisfiable";
  const [, first, last] = match;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return last === "" || length === 0 ? "unsatisfiable" : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return start >= size || (last !== "" && Number(last) < start) ? "unsatisfiable" : { start, end };
}
