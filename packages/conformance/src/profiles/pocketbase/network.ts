import type { Fetch } from "../../stream/sse-stream.ts";

/** Responds in place of the server. */
type FakeResponse = (init: RequestInit) => Response | Promise<Response>;

/**
 * Sits between a client and a real server, and cuts, stalls or corrupts the client's streams as networks do. It uses only
 * `fetch`, so it works wherever the client does, browsers included.
 */
export class Network {
  /** When each stream was requested, by `performance.now()`. */
  readonly connectTimes: number[] = [];
  /** While true, new streams get 502, as from a proxy. */
  isDown = false;
  readonly #streams = new Set<ProxiedStream>();
  #fakeResponses: FakeResponse[] = [];

  readonly fetch: Fetch = async (url, init) => {
    if (init.method !== "GET" || !/event-stream/.test(new Headers(init.headers).get("accept") ?? ""))
      return fetch(url, init);
    this.connectTimes.push(performance.now());
    const respond = this.#fakeResponses.shift();
    if (respond) return respond(init);
    if (this.isDown) return new Response("", { status: 502 });
    const response = await fetch(url, init);
    if (!response.body || response.status !== 200) return response;
    const stream = new ProxiedStream(response.body, () => this.#streams.delete(stream));
    this.#streams.add(stream);
    const { status, headers } = response;
    return new Response(stream.output, { status, headers });
  };

  /** The next stream requests get these responses. */
  respondNext(...responses: readonly FakeResponse[]): void {
    this.#fakeResponses.push(...responses);
  }

  /** Breaks all streams. */
  cut(): void {
    for (const stream of this.#streams) stream.cut();
  }

  /** Drops all further bytes of the open streams, without closing them. */
  stall(): void {
    for (const stream of this.#streams) stream.stalled = true;
  }

  /** Inserts text between two events of each stream. */
  inject(text: string): void {
    for (const stream of this.#streams) stream.inject(text);
  }

  /** Breaks each stream in the middle of its next event. */
  cutWithinNext(): void {
    for (const stream of this.#streams) stream.cutWithinNext = true;
  }
}

/** The part of a reader that is used here; platforms differ in the rest. */
interface Source {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(reason: unknown): Promise<void>;
}

/** One stream of the server, passed on to the client. */
class ProxiedStream {
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
        void this.#forward(controller);
      },
      cancel: (reason) => this.#disconnect(reason),
    });
  }

  cut(): void {
    this.#controller?.error(new TypeError("the network is down"));
    this.#disconnect("cut");
  }

  inject(text: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(text));
  }

  async #forward(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
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
      this.#disconnect("completed");
      controller.close();
    } catch (error) {
      if (this.#controller === undefined) return;
      this.#disconnect(error);
      controller.error(error);
    }
  }

  #disconnect(reason: unknown): void {
    this.#controller = undefined;
    this.#onEnd();
    this.#source.cancel(reason).catch(() => undefined);
  }
}
