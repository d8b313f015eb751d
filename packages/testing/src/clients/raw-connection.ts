import type { Socket } from "bun";

export interface RawResponse {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/**
 * A bare HTTP/1.1 connection, for malformed requests and for more parallel requests than an HTTP client allows. Reads
 * responses with Content-Length, which all API responses have except event streams.
 */
export class RawConnection implements Disposable {
  #received = Buffer.alloc(0);
  #waiting = Promise.withResolvers<void>();
  #socket: Socket<RawConnection> | undefined;
  #closed = false;
  /** Bytes that the kernel has not accepted yet. */
  #unsent = Buffer.alloc(0);

  private constructor() {}

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const connection = new RawConnection();
    connection.#socket = await Bun.connect({ hostname, port: Number(port), data: connection, socket: SOCKET_HANDLERS });
    return connection;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Writes as much as the kernel accepts. @returns the number of bytes */
  write(text: string | Uint8Array): number {
    return this.#socket?.write(text) ?? 0;
  }

  /** Sends a well-formed request with a JSON body. */
  send(method: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
    const json = body === undefined ? "" : JSON.stringify(body);
    const fields = { host: "localhost", "content-type": "application/json", ...headers };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const text = `${method} ${path} HTTP/1.1\r\n${lines.join("")}content-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
    this.#unsent = Buffer.concat([this.#unsent, Buffer.from(text)]);
    this.drained();
  }

  /** The next response, or undefined if the connection closes first. */
  async response(): Promise<RawResponse | undefined> {
    for (;;) {
      const response = this.#takeResponse();
      if (response || this.#closed) return response;
      await this.#waiting.promise;
    }
  }

  /** Resolves when the connection is closed. */
  async untilClosed(): Promise<void> {
    while (!this.#closed) await this.#waiting.promise;
  }

  close(): void {
    this.#socket?.terminate();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Called when the kernel accepts more bytes. */
  drained(): void {
    if (this.#unsent.length > 0) this.#unsent = this.#unsent.subarray(this.write(this.#unsent));
  }

  receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    this.#wake();
  }

  end(): void {
    this.#closed = true;
    this.#wake();
  }

  #wake(): void {
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers();
  }

  #takeResponse(): RawResponse | undefined {
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd < 0) return undefined;
    const head = this.#received.toString("latin1", 0, headEnd);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const end = headEnd + 4 + length;
    if (this.#received.length < end) return undefined;
    const body = this.#received.toString("utf8", headEnd + 4, end);
    this.#received = this.#received.subarray(end);
    return { status: Number(head.split(" ", 2)[1]), head, body };
  }
}

const SOCKET_HANDLERS = {
  data: (socket: Socket<RawConnection>, bytes: Buffer) => socket.data.receive(Buffer.from(bytes)),
  drain: (socket: Socket<RawConnection>) => socket.data.drained(),
  end: (socket: Socket<RawConnection>) => void socket.end(),
  close: (socket: Socket<RawConnection>) => socket.data.end(),
  error: (socket: Socket<RawConnection>) => socket.data.end(),
} as const;
