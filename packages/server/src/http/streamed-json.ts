import { limited } from "../lib/api-error.ts";
import type { ApiRequest } from "./request.ts";

/** Characters after which an answer is written in parts. */
export const STREAM_LENGTH = 256 << 10;
/** Bytes that are written at a time. */
const PART_LENGTH = 64 << 10;

/**
 * Large answers on their way. Their records are held until the client has read them, so their sum has a limit; each is
 * written in parts, so that other requests get their turn between two of them.
 */
export class StreamedAnswers {
  readonly #maxLength: number;
  #length = 0;

  /** @param maxLength of all at the same time, in characters; 0 is no limit */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  get length(): number {
    return this.#length;
  }

  /**
   * @param length of all texts, about
   * @throws ApiError 503 if too many large answers are on their way
   */
  respond({ raw }: ApiRequest, length: number, texts: Iterator<string>): Response {
    if (this.#maxLength > 0 && this.#length > 0 && this.#length + length > this.#maxLength) throw limited(503, {}, 1);
    const headers = { "Content-Type": "application/json" };
    if (raw.method === "HEAD") return new Response(null, { headers });
    this.#length += length;
    let isHeld = true;
    const release = (): void => {
      if (isHeld) this.#length -= length;
      isHeld = false;
    };
    raw.signal.addEventListener("abort", release, { once: true });
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          // Each part gets a turn of its own: without it, a fast client would get all of them in one.
          await new Promise((resolve) => setImmediate(resolve));
          const { text, done } = nextPart(texts);
          if (text !== "") controller.enqueue(encoder.encode(text));
          if (!done) return;
          release();
          controller.close();
        },
        cancel: release,
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers });
  }
}

function nextPart(texts: Iterator<string>): { readonly text: string; readonly done: boolean } {
  const parts: string[] = [];
  let length = 0;
  for (;;) {
    const { value, done = false } = texts.next();
    if (done) return { text: parts.join(""), done };
    parts.push(value as string);
    length += (value as string).length;
    if (length >= PART_LENGTH) return { text: parts.join(""), done };
  }
}
