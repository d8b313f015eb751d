import type { Socket } from "bun";
import { ChunkedDecoder } from "./chunked-decoder.ts";
import { EventSplitter } from "./event-splitter.ts";

export interface StreamHandlers {
  /** Called with the text of each event or comment, in order. */
  readonly onBlock: (block: string, stream: SseStream) => void;
  /** Called once, when the stream ends for any reason. */
  readonly onEnd?: (stream: SseStream) => void;
}

/**
 * An event stream over a bare TCP socket. Light enough for many thousands in one process, and faster than the server it
 * reads from. Does not reconnect, buffer, or interpret events.
 */
export class SseStream {
  /** The status line and headers, once received. */
  head: string | undefined;
  readonly #handlers: StreamHandlers;
  /** Undefined if the body ends with the connection. */
  #chunks: ChunkedDecoder | undefined;
  readonly #events = new EventSplitter();
  readonly #opened = Promise.withResolvers<void>();
  #socket: Socket<SseStream> | undefined;
  #headBytes = Buffer.alloc(0);
  #ended = false;
  #bytes = 0;

  private constructor(handlers: StreamHandlers) {
    this.#handlers = handlers;
  }

  /** Opens the stream and waits for the response headers. Throws unless the status is 200. */
  static async open(url: string, handlers: StreamHandlers, headers: Record<string, string> = {}): Promise<SseStream> {
    const { hostname, port, pathname, search, host } = new URL(url);
    const stream = new SseStream(handlers);
    stream.#socket = await Bun.connect({ hostname, port: Number(port), data: stream, socket: SOCKET_HANDLERS });
    const fields = Object.entries({ host, accept: "text/event-stream", ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    stream.#socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${fields.join("")}\r\n`);
    await stream.#opened.promise;
    return stream;
  }

  /** Bytes received so far, including headers. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Chunks of the transfer coding so far; servers send one per write. */
  get chunks(): number {
    return this.#chunks?.count ?? 0;
  }

  /** Closes at once, as a closed browser tab does. */
  close(): void {
    this.#socket?.terminate();
  }

  /** Stops reading, as a sleeping laptop does, so that data queues up on the server. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  receive(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.head === undefined) this.#receiveHead(bytes);
    else this.#receiveBody(bytes);
  }

  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#opened.reject(
      error ?? new Error(`the stream ended before the response headers: ${this.head ?? this.#headBytes.toString()}`),
    );
    this.#handlers.onEnd?.(this);
  }

  #receiveHead(bytes: Buffer): void {
    this.#headBytes = Buffer.concat([this.#headBytes, bytes]);
    const end = this.#headBytes.indexOf("\r\n\r\n");
    if (end < 0) return;
    this.head = this.#headBytes.toString("latin1", 0, end);
    if (!this.head.startsWith("HTTP/1.1 200 ")) {
      this.#socket?.end();
      return;
    }
    this.#chunks = /^transfer-encoding: chunked\r?$/im.test(this.head) ? new ChunkedDecoder() : undefined;
    this.#opened.resolve();
    this.#receiveBody(this.#headBytes.subarray(end + 4));
    this.#headBytes = Buffer.alloc(0);
  }

  #receiveBody(bytes: Buffer): void {
    if (this.#chunks === undefined) return this.#split(bytes);
    this.#chunks.feed(bytes, (data) => this.#split(data));
    if (this.#chunks.ended) this.#socket?.end();
  }

  #split(data: Buffer): void {
    this.#events.feed(data, (block) => this.#handlers.onBlock(block, this));
  }
}

/** Shared by all sockets; the state is in `socket.data`. */
const SOCKET_HANDLERS = {
  data: (socket: Socket<SseStream>, bytes: Buffer) => socket.data.receive(bytes),
  end: (socket: Socket<SseStream>) => void socket.end(),
  close: (socket: Socket<SseStream>) => socket.data.end(),
  error: (socket: Socket<SseStream>, error: Error) => socket.data.end(error),
} as const;
