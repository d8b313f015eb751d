import { type FileContent, type StoredFile, streamOf } from "../../files/file-store.ts";
import { LOWER_ALPHANUMERIC, randomText } from "../../lib/random.ts";
import { TurnShare } from "../../lib/scheduling/turn-share.ts";
import type { ByteRange } from "./byte-range.ts";

/** Characters, as in Go. */
const BOUNDARY_LENGTH = 60;

/** Smaller bodies are read at once: Bun sends no `Content-Length` with a stream that is made here. */
const SMALL = 1 << 20;

export interface MultipartRanges {
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** Reads the parts from the file while they are sent. */
  readonly content: () => Promise<FileContent>;
}

/** Several parts of a file in one body (RFC 9110, section 14.6). */
export function multipartRanges(file: StoredFile, type: string, ranges: readonly ByteRange[]): MultipartRanges {
  const boundary = randomText(BOUNDARY_LENGTH, LOWER_ALPHANUMERIC);
  const heads = ranges.map((range, i) =>
    Buffer.from(
      `${i === 0 ? "" : "\r\n"}--${boundary}\r\nContent-Range: ${contentRange(range, file.size)}\r\n` +
        `Content-Type: ${type}\r\n\r\n`,
    ),
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const size = ranges.reduce((sum, { start, end }, i) => sum + heads[i]!.byteLength + end - start, tail.byteLength);
  const content = async (): Promise<FileContent> => {
    const bytes = pieces(file, heads, ranges, tail);
    return size <= SMALL ? new Blob(await Array.fromAsync(bytes)) : toStream(bytes);
  };
  return { contentType: `multipart/byteranges; boundary=${boundary}`, size, content };
}

function toStream(chunks: AsyncGenerator<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}

/** How long the parts of all answers may keep a turn of the event loop, in milliseconds: small reads end in the same turn. */
const MAX_TURN_MS = 4;
const turns = new TurnShare(MAX_TURN_MS);

async function* pieces(
  file: StoredFile,
  heads: readonly Uint8Array<ArrayBuffer>[],
  ranges: readonly ByteRange[],
  tail: Uint8Array<ArrayBuffer>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (const [i, { start, end }] of ranges.entries()) {
    const pause = turns.pause(performance.now());
    if (pause) await pause;
    yield heads[i]!;
    if (end > start) yield* streamOf(file.content(start, end));
  }
  yield tail;
}

/** Both offsets are included. */
export const contentRange = ({ start, end }: ByteRange, size: number): string => `bytes ${start}-${end - 1}/${size}`;
