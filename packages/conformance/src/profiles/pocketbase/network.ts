import type { Fetch } from "../../stream/sse-stream.ts";

/** What answers in the server's place. */
type StandIn = (init: RequestInit) => Response | Promise<Response>;

/**
 * Lies between a client and a real server, and does to the client's streams what networks do. It is made of `fetch` alone,
 * so that it works wherever a client does, in a browser too.
 */
export class Network {
  /** Streams that were asked for, and when. */
  readonly dialled: number[] = [];
  /** While it is, new streams get a proxy's 502. */
  isDown = false;
  readonly #lines = new Set<Line>();
  #answers: StandIn[] = [];

  readonly fetch: Fetch = async (url, init) => {
    if (init.method !== "GET" || !/event-stream/.test(new Headers(init.headers).get("accept") ?? ""))
      return fetch(url, init);
    this.dialled.push(performance.now());
    const answer = this.#answers.shift();
    if (answer) return answer(init);
    if (this.isDown) return new Response("", { status: 502 });
    const response = await fetch(url, init);
    if (!response.body || response.status !== 200) return response;
    const line = new Line(response.body, () => this.#lines.delete(line));
    this.#lines.add(line);
    const { status, headers } = response;
    return new Response(line.output, { status, headers });
  };

  /** The next streams get this for an answer. */
  answerNext(...answers: readonly StandIn[]): void {
    this.#answers.push(...answers);
  }

  /** Ends all streams as a broken cable does. */
  cut(): void {
    for (const line of this.#lines) line.cut();
  }

  /** Holds back whatever comes on the streams that are open now. */
  stall(): void {
    for (const line of this.#lines) line.stalled = true;
  }

  /** Puts bytes between two events of each stream. */
  inject(text: string): void {
    for (const line of this.#lines) line.inject(text);
  }

  /** The next event on each stream breaks off in its middle, and the stream with it. */
  cutWithinNext(): void {
    for (const line of this.#lines) line.cutWithinNext = true;
  }
}

/** What of a reader is used: platforms disagree about the rest. */
interface Source {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(reason: unknown): Promise<void>;
}

/** One stream on its way. */
class Line {
  readonly output: ReadableStream<Uint8Array>;
  stalled = false;
  cutWithinNext = false;
  readonly #source: Source;
  readonly #onEnd: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(body: ReadableStream<Uint8Array>, onEnd: () => void) {
    this.#source = body.getReader();
    this.#onEnd = onEnd;
    this.output = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        void this.#carry(controller);
      },
      cancel: (reason) => this.#hangUp(reason),
    });
  }

  cut(): void {
    this.#controller?.error(new TypeError("the network is gone"));
    this.#hangUp("cut");
  }

  inject(text: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(text));
  }

  async #carry(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#source.read();
        if (this.#controller === undefined) return;
        if (done || !value) break;
        if (this.stalled) continue;
        if (this.cutWithinNext) {
          controller.enqueue(value.subarray(0, Math.ceil(value.length / 2)));
          return this.cut();
        }
        controller.enqueue(value);
      }
      this.#hangUp("completed");
      controller.close();
    } catch (error) {
      if (this.#controller === undefined) return;
      this.#hangUp(error);
      controller.error(error);
    }
  }

  #hangUp(reason: unknown): void {
    this.#controller = undefined;
    this.#onEnd();
    this.#source.cancel(reason).catch(() => undefined);
  }
}
