import type { Socket } from "bun";
import { FrameReader, OP, type SocketFrame } from "./socket-frames.ts";

/** How the server closed a WebSocket; 1006 means without a close frame, 1005 without a code. */
export interface SocketCloseInfo {
  readonly code: number;
  readonly reason: string;
}

export interface RawSocketHandlers {
  readonly onFrame: (frame: SocketFrame, socket: RawSocket) => void;
  /** Called once, when the connection closes. */
  readonly onEnd?: (closing: SocketCloseInfo) => void;
}

/**
 * A WebSocket over a bare TCP socket. Sends bytes as given and replies to nothing by itself. Light enough for many
 * thousands in one process.
 */
export class RawSocket {
  /** The response's status line and headers, once received. */
  head: string | undefined;
  readonly #handlers: RawSocketHandlers;
  readonly #frames = new FrameReader();
  readonly #opened = Promise.withResolvers<void>();
  #socket: Socket<RawSocket> | undefined;
  #headBytes = Buffer.alloc(0);
  #unsent = Buffer.alloc(0);
  #closing: SocketCloseInfo = { code: 1006, reason: "" };
  #ended = false;
  bytes = 0;
  /** How many times the socket delivered bytes. */
  reads = 0;

  private constructor(handlers: RawSocketHandlers) {
    this.#handlers = handlers;
  }

  /** Connects, and throws unless the status is 101. @param url the endpoint, with `http:` */
  static async open(
    url: string,
    handlers: RawSocketHandlers,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RawSocket> {
    const { hostname, port, pathname, search, host } = new URL(url);
    const raw = new RawSocket(handlers);
    raw.#socket = await Bun.connect({ hostname, port: Number(port), data: raw, socket: SOCKET_HANDLERS });
    const fields = Object.entries({ host, ...UPGRADE, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    raw.#socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${fields.join("")}\r\n`);
    await raw.#opened.promise;
    return raw;
  }

  send(bytes: Uint8Array): void {
    this.#unsent = Buffer.concat([this.#unsent, bytes]);
    this.drained();
  }

  /** Closes at once, without a close frame. */
  close(): void {
    this.#socket?.terminate();
  }

  /** Stops reading. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  drained(): void {
    if (this.#unsent.length === 0) return;
    this.#unsent = this.#unsent.subarray(this.#socket?.write(this.#unsent) ?? 0);
  }

  receive(bytes: Buffer): void {
    this.bytes += bytes.length;
    this.reads += 1;
    if (this.head === undefined) this.#receiveHead(bytes);
    else this.#frames.feed(bytes, (frame) => this.#receiveFrame(frame));
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#opened.reject(new Error(`the server refused the WebSocket: ${this.head ?? this.#headBytes.toString()}`));
    this.#handlers.onEnd?.(this.#closing);
  }

  #receiveHead(bytes: Buffer): void {
    this.#headBytes = Buffer.concat([this.#headBytes, bytes]);
    const end = this.#headBytes.indexOf("\r\n\r\n");
    if (end < 0) return;
    this.head = this.#headBytes.toString("latin1", 0, end);
    if (!this.head.startsWith("HTTP/1.1 101 ")) {
      this.#socket?.end();
      return;
    }
    this.#opened.resolve();
    this.#frames.feed(this.#headBytes.subarray(end + 4), (frame) => this.#receiveFrame(frame));
    this.#headBytes = Buffer.alloc(0);
  }

  #receiveFrame(frame: SocketFrame): void {
    const { opcode, payload } = frame;
    if (opcode === OP.close) {
      const code = payload.length < 2 ? 1005 : payload.readUInt16BE();
      this.#closing = { code, reason: payload.toString("utf8", 2) };
    }
    this.#handlers.onFrame(frame, this);
  }
}

/** A key, and the accept value that the server must return for it (RFC 6455, section 1.3). */
export const SAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ==";
export const SAMPLE_ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** Headers of a WebSocket request. */
export const UPGRADE = {
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-key": SAMPLE_KEY,
  "sec-websocket-version": "13",
};

const SOCKET_HANDLERS = {
  data: (socket: Socket<RawSocket>, bytes: Buffer) => socket.data.receive(bytes),
  drain: (socket: Socket<RawSocket>) => socket.data.drained(),
  end: (socket: Socket<RawSocket>) => void socket.end(),
  close: (socket: Socket<RawSocket>) => socket.data.end(),
  error: (socket: Socket<RawSocket>) => socket.data.end(),
} as const;
