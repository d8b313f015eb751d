import type { Reader } from "../store/store.ts";
import { readHead, readTrimmedTo } from "./change-log.ts";

/** Seqs that are measured at a time. */
const SEQS_PER_SEGMENT = 4_096;
/** Bytes of a change besides its values, with its entries in the indexes, about. */
const ROW_BYTES = 100;

/** Some of the log's changes that follow one another. */
interface Segment {
  readonly after: number;
  readonly upTo: number;
  readonly bytes: number;
}

/**
 * How many bytes the log takes, about. Only what is new is measured; what was erased or saved elsewhere since is measured
 * again before anything is trimmed because of it.
 */
export class LogSize {
  #segments: Segment[] = [];

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Measures what is new. */
  async update(reader: Reader): Promise<void> {
    const head = await readHead(reader);
    const trimmedTo = await readTrimmedTo(reader);
    this.#segments = this.#segments.filter(({ upTo }) => upTo > trimmedTo);
    const last = this.#segments.at(-1);
    // The last one may have grown.
    if (last && last.upTo - last.after < SEQS_PER_SEGMENT) this.#segments.pop();
    for (let after = this.#segments.at(-1)?.upTo ?? trimmedTo; after < head; after += SEQS_PER_SEGMENT) {
      this.#segments.push(await measure(reader, after, Math.min(after + SEQS_PER_SEGMENT, head)));
      // Other requests run between two statements.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The seq up to which the oldest changes must go, so that the rest takes no more than so many bytes; 0 for none. */
  async excess(reader: Reader, maxBytes: number): Promise<number> {
    let total = this.bytes;
    let upTo = 0;
    for (let i = 0; total > maxBytes && i < this.#segments.length; i += 1) {
      const known = this.#segments[i]!;
      const segment = (this.#segments[i] = await measure(reader, known.after, known.upTo));
      total += segment.bytes - known.bytes;
      if (total <= maxBytes) break;
      if (total - segment.bytes < maxBytes) return seqWithin(reader, segment, total - maxBytes);
      total -= segment.bytes;
      upTo = segment.upTo;
    }
    return upTo;
  }
}

async function measure(reader: Reader, after: number, upTo: number): Promise<Segment> {
  const row = await reader.first({
    text: `SELECT count(*) AS rows, sum(octet_length(before)) AS before, sum(octet_length(after)) AS after
      FROM _changes WHERE seq > ? AND seq <= ?`,
    values: [after, upTo],
  });
  const bytes = Number(row?.["rows"]) * ROW_BYTES + Number(row?.["before"] ?? 0) + Number(row?.["after"] ?? 0);
  return { after, upTo, bytes };
}

/** The seq of the segment up to which its oldest changes have so many bytes. */
async function seqWithin(reader: Reader, { after, upTo }: Segment, bytes: number): Promise<number> {
  const rows = await reader.all({
    text: `SELECT seq, octet_length(before) AS before, octet_length(after) AS after
      FROM _changes WHERE seq > ? AND seq <= ? ORDER BY seq`,
    values: [after, upTo],
  });
  let passed = 0;
  for (const row of rows) {
    passed += ROW_BYTES + Number(row["before"] ?? 0) + Number(row["after"] ?? 0);
    if (passed >= bytes) return Number(row["seq"]);
  }
  return upTo;
}
