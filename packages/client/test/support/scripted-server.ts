import type { Socket } from "bun";

export interface ScriptedRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: string;
}

/** Writes the response to one request, byte by byte if the test needs it. */
export class ScriptedResponse {
  readonly #socket: Socket<Pending>;

  constructor(socket: Socket<Pending>) {
    this.#socket = socket;
  }

  raw(bytes: string | Uint8Array): this {
    this.#socket.write(bytes);
    this.#socket.flush();
    return this;
  }

  /** Sends a complete response. */
  respond(status: number, body = "", headers: Readonly<Record<string, string>> = {}): void {
    const fields = Object.entries({ "content-length": String(Buffer.byteLength(body)), ...headers });
    // A 204 has no body and no Content-Length (RFC 9110, section 8.6).
    const shown = status === 204 ? fields.filter(([name]) => name !== "content-length") : fields;
    this.raw(`HTTP/1.1 ${status} X\r\n${shown.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`);
  }

  /** Starts a response without a length, which ends with the connection. */
  stream(headers: Readonly<Record<string, string>> = { "content-type": "text/event-stream" }): this {
    const fields = Object.entries({ ...headers, connection: "close" });
    return this.raw(`HTTP/1.1 200 OK\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  }

  greet(id = "client"): this {
    return this.raw(`id:${id}\nevent:PB_CONNECT\ndata:{"clientId":"${id}"}\n\n`);
  }

  /** Closes the connection in an orderly way. */
  end(): void {
    this.#socket.end();
  }

  /** Resets the connection, as a crashed machine does. */
  destroy(): void {
    this.#socket.terminate();
  }
}

export type Script = (request: ScriptedRequest, reply: ScriptedResponse) => void;

interface Pending {
  received: Buffer;
}

export interface ScriptedServer extends Disposable {
  readonly url: string;
  readonly requests: readonly ScriptedRequest[];
}

/** A server on a real socket that handles each request as the script says, valid HTTP or not. */
export function scriptedServer(script: Script): ScriptedServer {
  const requests: ScriptedRequest[] = [];
  const sockets = new Set<Socket<Pending>>();
  const listener = Bun.listen<Pending>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { received: Buffer.alloc(0) };
        sockets.add(socket);
      },
      data(socket, bytes) {
        socket.data.received = Buffer.concat([socket.data.received, bytes]);
        for (let request = takeRequest(socket.data); request; request = takeRequest(socket.data)) {
          requests.push(request);
          script(request, new ScriptedResponse(socket));
        }
      },
      close: (socket) => void sockets.delete(socket),
      error: (socket) => void sockets.delete(socket),
    },
  });
  return {
    url: `http://127.0.0.1:${listener.port}`,
    requests,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.terminate();
      listener.stop(true);
    },
  };
}

function takeRequest(pending: Pending): ScriptedRequest | undefined {
  const end = pending.received.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [line = "", ...fields] = pending.received.toString("latin1", 0, end).split("\r\n");
  const headers = new Headers(
    fields.map((field): [string, string] => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon), field.slice(colon + 1).trim()];
    }),
  );
  const length = Number(headers.get("content-length") ?? 0);
  if (pending.received.length < end + 4 + length) return undefined;
  const body = pending.received.toString("utf8", end + 4, end + 4 + length);
  pending.received = pending.received.subarray(end + 4 + length);
  const [method = "", target = ""] = line.split(" ");
  return { method, target, headers, body };
}
