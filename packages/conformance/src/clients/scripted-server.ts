import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pause } from "../core/deadline.ts";
import { Inbox } from "../stream/inbox.ts";

/** How the server responds to one request. */
export interface ScriptedResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent one at a time, with a pause after each, so that the client reads them as separate chunks. */
  readonly chunks?: readonly (string | Uint8Array)[];
  /** The pause after each chunk, in milliseconds. */
  readonly betweenMs?: number;
  /** Leaves the stream open after the last chunk; without it the server ends the response. */
  readonly staysOpen?: true;
}

/** A request from the client under test. */
export interface ReceivedRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** When it arrived, by `performance.now()`. */
  readonly at: number;
  /** Resolves when either side closes the connection. */
  readonly closed: Promise<void>;
}

/** One URL of the server, and the requests made to it. */
export interface ScriptedEndpoint {
  readonly url: string;
  readonly requests: Inbox<ReceivedRequest>;
}

const BETWEEN_CHUNKS_MS = 20;

/** What a client gets when the script is over: 204 stops an `EventSource` from reconnecting. */
const NO_CONTENT: ScriptedResponse = { status: 204 };

type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that follows a script, for testing clients. */
export class ScriptedServer {
  readonly origin: string;
  readonly #server: Server;
  readonly #endpoints: Map<string, RequestHandler>;

  private constructor(server: Server, endpoints: Map<string, RequestHandler>) {
    this.#server = server;
    this.#endpoints = endpoints;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** @param fallback handles requests for any other path */
  static async start(fallback: RequestHandler = notFound): Promise<ScriptedServer> {
    const endpoints = new Map<string, RequestHandler>();
    const server = createServer((request, response) => {
      const handle = endpoints.get(new URL(request.url ?? "/", "http://x").pathname) ?? fallback;
      handle(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ScriptedServer(server, endpoints);
  }

  /** Adds a URL: the first request gets the first response, and so on; further requests get 204. */
  addEndpoint(responses: readonly ScriptedResponse[]): ScriptedEndpoint {
    const path = `/endpoint/${this.#endpoints.size + 1}`;
    const requests = new Inbox<ReceivedRequest>();
    this.#endpoints.set(path, (request, response) => {
      const closed = new Promise<void>((resolve) => response.on("close", resolve));
      requests.push({ headers: request.headers, at: performance.now(), closed });
      void respond(responses[requests.items.length - 1] ?? NO_CONTENT, response);
    });
    return { url: this.origin + path, requests };
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

async function respond(script: ScriptedResponse, response: ServerResponse): Promise<void> {
  const {
    status = 200,
    headers = { "content-type": "text/event-stream" },
    chunks = [],
    betweenMs = BETWEEN_CHUNKS_MS,
    staysOpen,
  } = script;
  response.on("error", () => undefined);
  response.socket?.setNoDelay(true);
  response.writeHead(status, { "cache-control": "no-store", ...headers });
  if (status === 200) response.flushHeaders();
  for (const chunk of chunks) {
    if (response.destroyed) return;
    response.write(chunk);
    await pause(betweenMs);
    // Lets a client in this process read, even if the timer fired late.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  }
  if (!staysOpen) response.end();
}

const notFound: RequestHandler = (_, response) => void response.writeHead(404).end();
