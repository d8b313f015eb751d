import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Scope } from "../../src/core/scope.ts";
import { encode, type Frame, PLAIN, type Style } from "./frame.ts";
import type { Change, Connection, Head, Step, Tamper } from "./tamper.ts";

/** One stream as a peer writes it. */
export interface Writer {
  readonly send: (frame: Frame) => void;
  /** Ends the stream, after everything that was sent. */
  readonly end: () => void;
  readonly onClose: (run: () => void) => void;
}

export interface PeerOptions {
  readonly tamper?: Tamper;
  readonly style?: Style;
  /** The headers of a right response. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a peer does with its requests. */
export interface Routes {
  /** Handles a connection, or returns a status and a body for what is no stream. */
  readonly stream: (connection: Connection, open: (head?: Partial<Head>) => Writer) => void | Reply;
  readonly post?: (url: URL, body: string, headers: IncomingMessage["headers"]) => Reply;
  /** Which GET requests are streams; all by default. */
  readonly isStream?: (url: URL) => boolean;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

const STREAM_HEADERS = { "content-type": "text/event-stream", "cache-control": "no-cache" };

/** Starts a server of event streams. @returns its origin */
export async function startPeer(
  scope: Scope,
  { stream, post = () => ({ status: 404 }), isStream = () => true }: Routes,
  { tamper = {}, style = PLAIN, headers = STREAM_HEADERS }: PeerOptions,
): Promise<string> {
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://peer");
    if (request.method !== "GET" || !isStream(url)) {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => reply(response, post(url, body, request.headers)));
      return;
    }
    const number = (counts.get(url.pathname) ?? 0) + 1;
    counts.set(url.pathname, number);
    const lastEventId = request.headers["last-event-id"] as string | undefined;
    const connection = {
      url,
      number,
      lastEventId,
      headers: request.headers as Readonly<Record<string, string | undefined>>,
    };
    const answer = stream(connection, (head = {}) => {
      const right = { status: 200, ...head, headers: { ...headers, ...head.headers } };
      const { status, headers: fields } = tamper.head?.(right, connection) ?? right;
      response.socket?.setNoDelay(true);
      response.writeHead(status, fields);
      response.flushHeaders();
      return new StreamWriter(response, style, tamper.frames?.(connection), tamper.staysOpen?.(connection) ?? false);
    });
    if (answer) reply(response, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  scope.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function reply(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

class StreamWriter implements Writer {
  readonly #response: ServerResponse;
  readonly #style: Style;
  readonly #change: Change;
  readonly #staysOpen: boolean;
  /** What is still to be written, if something waits. */
  #last: Promise<void> | undefined;
  #isOver = false;

  constructor(response: ServerResponse, style: Style, change: Change = (frame) => [frame], staysOpen = false) {
    this.#response = response;
    this.#style = style;
    this.#change = change;
    this.#staysOpen = staysOpen;
    response.on("error", () => undefined);
    const { random } = style;
    if (random?.chance(0.3)) this.#write(new TextEncoder().encode("\ufeff"));
    if (random?.chance(0.3)) this.#write(encode({ retry: random.between(1, 5_000) }, style));
  }

  onClose(run: () => void): void {
    this.#response.on("close", run);
  }

  send(frame: Frame): void {
    for (const step of this.#change(frame)) this.#then(step);
  }

  end(): void {
    if (!this.#staysOpen) this.#then("end");
  }

  #then(step: Step): void {
    const { random, delayMs } = this.#style;
    const waitMs = random && delayMs !== undefined && random.chance(0.2) ? random.between(0, delayMs) : 0;
    if (!this.#last && waitMs === 0 && !(typeof step === "object" && "waitMs" in step)) return this.#take(step);
    const before = this.#last ?? Promise.resolve();
    const now = before.then(async () => {
      if (waitMs > 0) await Bun.sleep(waitMs);
      if (typeof step === "object" && "waitMs" in step) await Bun.sleep(step.waitMs);
      else this.#take(step);
      if (this.#last === now) this.#last = undefined;
    });
    this.#last = now;
  }

  #take(step: Step): void {
    if (this.#isOver) return;
    if (typeof step === "object") {
      if (!("waitMs" in step)) this.#write(encode(step, this.#style));
      return;
    }
    this.#isOver = true;
    if (step === "end") this.#response.end();
    else if (step === "break") this.#response.destroy();
  }

  #write(bytes: Uint8Array): void {
    const { pieces = bytes.length } = this.#style;
    for (let at = 0; at < bytes.length; at += pieces) this.#response.write(bytes.subarray(at, at + pieces));
  }
}
