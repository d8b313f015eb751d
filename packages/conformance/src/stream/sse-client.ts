import { Failure } from "../core/checks.ts";
import { type Located, type Received, SseStream, type StreamOptions } from "./sse-stream.ts";

export interface SseClientOptions extends StreamOptions {
  /** Whether what is malformed ends the reading with an error; otherwise it is told to `onWarning`, and skipped. */
  readonly strict?: boolean;
  readonly onWarning?: (warning: string) => void;
}

/** An event with its JSON read. */
export interface JsonEvent {
  readonly event: string;
  /** The raw text where it is no JSON, which only lenient reading gives. */
  readonly data: unknown;
  readonly id: string | undefined;
  readonly offsetMs: number;
}

const TIMEOUT_MS = 10_000;

/** Reads streams whose data is JSON: strictly, to find what is wrong, or leniently, to get on. */
export class SseClient {
  readonly #url: string;
  readonly #options: SseClientOptions;

  constructor(url: string, options: SseClientOptions = {}) {
    this.#url = url;
    this.#options = options;
  }

  /**
   * Gives every event up to the end of the stream. Leaving the loop closes the connection.
   *
   * @throws Failure in strict mode, with the offending text
   * @throws Timeout when nothing comes for `timeoutMs`
   */
  async *connect(): AsyncGenerator<JsonEvent, void, void> {
    const { timeoutMs = TIMEOUT_MS } = this.#options;
    const stream = await SseStream.open(this.#url, this.#options);
    if (stream.status === 204) return;
    const isStream = stream.status === 200 && /^text\/event-stream\b/i.test(stream.headers.get("content-type") ?? "");
    if (!isStream) {
      stream.close();
      throw new Failure(`no stream: ${stream.status} ${stream.headers.get("content-type") ?? "without Content-Type"}`);
    }
    let [read, judged] = [0, 0];
    const judge = (): void => {
      for (; judged < stream.problems.length && stream.problems[judged]!.after <= read; judged += 1)
        this.#malformed(stream.problems[judged]!);
    };
    try {
      for (;;) {
        const arrived = await arrival(stream, read, timeoutMs);
        judge();
        if (!arrived) return;
        const event = stream.events.items[read]!;
        read += 1;
        yield this.#read(event);
      }
    } finally {
      stream.close();
    }
  }

  #read({ event, data, id, offsetMs }: Received): JsonEvent {
    try {
      return { event, data: JSON.parse(data) as unknown, id, offsetMs };
    } catch {
      this.#complain(`the data of ${event} is no JSON: ${data}`);
      return { event, data, id, offsetMs };
    }
  }

  #malformed({ code, text }: Located): void {
    this.#complain(`malformed stream, ${code}: ${text}`);
  }

  #complain(problem: string): void {
    if (this.#options.strict ?? true) throw new Failure(problem);
    this.#options.onWarning?.(problem);
  }
}

/** Whether another event has come; false when the stream is over without. */
async function arrival({ events }: SseStream, read: number, timeoutMs: number): Promise<boolean> {
  try {
    await events.until(({ length }) => length > read, timeoutMs, "another event");
    return true;
  } catch (error) {
    if (events.isOver) return false;
    throw error;
  }
}
