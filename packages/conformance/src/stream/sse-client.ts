import { Failure } from "../core/checks.ts";
import { type LocatedProblem, type ReceivedEvent, SseStream, type StreamOptions } from "./sse-stream.ts";

export interface SseClientOptions extends StreamOptions {
  /** Whether malformed input is an error; if false, it is passed to `onWarning` and skipped. Default true. */
  readonly strict?: boolean;
  readonly onWarning?: (warning: string) => void;
}

/** An event with its data parsed as JSON. */
export interface JsonEvent {
  readonly event: string;
  /** The raw text if the data is not JSON, which happens only when `strict` is false. */
  readonly data: unknown;
  readonly id: string | undefined;
  readonly offsetMs: number;
}

const TIMEOUT_MS = 10_000;

/** Reads streams whose data is JSON, strictly or leniently. */
export class SseClient {
  readonly #url: string;
  readonly #options: SseClientOptions;

  constructor(url: string, options: SseClientOptions = {}) {
    this.#url = url;
    this.#options = options;
  }

  /**
   * Yields every event until the stream ends. Leaving the loop closes the connection.
   *
   * @throws Failure in strict mode for malformed input, with the text
   * @throws Timeout if no event arrives for `timeoutMs`
   */
  async *connect(): AsyncGenerator<JsonEvent, void, void> {
    const { timeoutMs = TIMEOUT_MS } = this.#options;
    const stream = await SseStream.open(this.#url, this.#options);
    if (stream.status === 204) return;
    const isStream = stream.status === 200 && /^text\/event-stream\b/i.test(stream.headers.get("content-type") ?? "");
    if (!isStream) {
      stream.close();
      throw new Failure(
        `not an event stream: ${stream.status} ${stream.headers.get("content-type") ?? "without Content-Type"}`,
      );
    }
    let [read, checked] = [0, 0];
    const checkProblems = (): void => {
      for (; checked < stream.problems.length && stream.problems[checked]!.eventsBefore <= read; checked += 1)
        this.#malformed(stream.problems[checked]!);
    };
    try {
      for (;;) {
        const arrived = await nextArrives(stream, read, timeoutMs);
        checkProblems();
        if (!arrived) return;
        const event = stream.events.items[read]!;
        read += 1;
        yield this.#read(event);
      }
    } finally {
      stream.close();
    }
  }

  #read({ event, data, id, offsetMs }: ReceivedEvent): JsonEvent {
    try {
      return { event, data: JSON.parse(data) as unknown, id, offsetMs };
    } catch {
      this.#complain(`the data of ${event} is not JSON: ${data}`);
      return { event, data, id, offsetMs };
    }
  }

  #malformed({ code, text }: LocatedProblem): void {
    this.#complain(`malformed stream, ${code}: ${text}`);
  }

  #complain(problem: string): void {
    if (this.#options.strict ?? true) throw new Failure(problem);
    this.#options.onWarning?.(problem);
  }
}

/** Waits for another event. @returns false if the stream ends without one */
async function nextArrives({ events }: SseStream, read: number, timeoutMs: number): Promise<boolean> {
  try {
    await events.until(({ length }) => length > read, timeoutMs, "another event");
    return true;
  } catch (error) {
    if (events.isOver) return false;
    throw error;
  }
}
