import type { Socket } from "bun";
import { ChunkedDecoder } from "./chunked-decoder.ts";
import { EventSplitter } from "./event-splitter.ts";

export interface StreamHandlers {
  /** The text of one event or comment, in the order of the wire. */
  readonly onBlock: (block: string, stream: SseStream) => void;
  /** Called once, when the stream is over for whatever reason. */
  readonly onEnd?: (stream: SseStream) => void;
}

/**
 * One event stream over a bare socket. Small enough that a process holds many thousands of them and is still faster
 * than the server it reads from; no reconnect, no buffer, no opinion about what the events mean.
 */
export class SseStream {
  /** The status line and the headers, once they are here. */
  head: string | undefined;
  readonly #handlers: StreamHandlers;
  /** Absent where the body simply ends with the connection. */
  #chunks: ChunkedDecoder | undefined;
  readonly #events = new EventSplitter();
  readonly #opened = Promise.withResolvers<void>();
  #socket: Socket<SseStream> | undefined;
  #early = Buffer.alloc(0);
  #ended = false;
  #bytes = 0;

  private constructor(handlers: StreamHandlers) {
    this.#handlers = handlers;
  }

  /** Opens the stream and waits for the response's head; anything but 200 is an error. */
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

  /** Bytes received so far, the head included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Chunks of the transfer coding so far: a server makes one of each write. */
  get chunks(): number {
    return this.#chunks?.count ?? 0;
  }

  /** Closes at once, as a browser tab does that goes away. */
  close(): void {
    this.#socket?.terminate();
  }

  /** Stops reading, as a laptop does whose lid is shut: the server's bytes pile up on its own side. */
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
    this.#opened.reject(error ?? new Error(`the stream ended before it began: ${this.head ?? this.#early.toString()}`));
    this.#handlers.onEnd?.(this);
  }

  #receiveHead(bytes: Buffer): void {
    this.#early = Buffer.concat([this.#early, bytes]);
    const end = this.#early.indexOf("\r\n\r\n");
    if (end < 0) return;
    this.head = this.#early.toString("latin1", 0, end);
    if (!this.head.startsWith("HTTP/1.1 200 ")) {
      this.#socket?.end();
      return;
    }
    this.#chunks = /^transfer-encoding: chunked\r?$/im.test(this.head) ? new ChunkedDecoder() : undefined;
    this.#opened.resolve();
    this.#receiveBody(this.#early.subarray(end + 4));
    this.#early = Buffer.alloc(0);
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

/** One object for all sockets: what differs is in `socket.data`. */
const SOCKET_HANDLERS = {
  data: (socket: Socket<SseStream>, bytes: Buffer) => socket.data.receive(bytes),
  end: (socket: Socket<SseStream>) => void socket.end(),
  close: (socket: Socket<SseStream>) => socket.data.end(),
  error: (socket: Socket<SseStream>, error: Error) => socket.data.end(error),
} as const;
