import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pause } from "../core/deadline.ts";
import { Inbox } from "../stream/inbox.ts";
import { SCRIPT_IS_OVER } from "./model/connections.ts";
import { type ScriptedResponse, toBytes } from "./scripted-response.ts";

/** A request from the client under test. */
export interface ReceivedRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** When it arrived, by `performance.now()`. */
  readonly at: number;
  /** Resolves when either side closes the connection. */
  readonly closed: Promise<void>;
  /** How many chunks the server has sent. */
  readonly sentChunks: () => number;
  /** Resolves when the server is done with its response, with the time by `performance.now()`. */
  readonly done: Promise<number>;
}

/** One URL of the server, and the requests made to it. */
export interface ScriptedEndpoint {
  readonly url: string;
  readonly requests: Inbox<ReceivedRequest>;
}

const BETWEEN_CHUNKS_MS = 15;

export type BeforeBreak = (index: number) => Promise<void>;

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

  /**
   * Adds a URL: the first request gets the first response, and so on; further requests get 204.
   *
   * @param beforeBreak resolves when the response with this index may break: a client loses what it has not read then
   */
  addEndpoint(responses: readonly ScriptedResponse[], beforeBreak?: BeforeBreak): ScriptedEndpoint {
    const path = `/endpoint/${this.#endpoints.size + 1}`;
    const requests = new Inbox<ReceivedRequest>();
    this.#endpoints.set(path, (request, response) => {
      const closed = new Promise<void>((resolve) => response.on("close", () => resolve()));
      const index = requests.items.length;
      const script = responses[index] ?? SCRIPT_IS_OVER;
      let sent = 0;
      const done = respond(
        script,
        response,
        () => (sent += 1),
        () => beforeBreak?.(index),
      ).then(() => performance.now());
      requests.push({ headers: request.headers, at: performance.now(), closed, sentChunks: () => sent, done });
    });
    return { url: this.origin + path, requests };
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

async function respond(
  script: ScriptedResponse,
  response: ServerResponse,
  onChunk: () => void,
  beforeBreak: () => unknown,
): Promise<void> {
  const { status = 200, headers = {}, chunks = [], betweenMs = BETWEEN_CHUNKS_MS, staysOpen, breaks } = script;
  response.on("error", () => undefined);
  response.socket?.setNoDelay(true);
  if (breaks === "before the response") return void response.destroy();
  const { "content-type": type = "text/event-stream", ...others } = headers;
  response.writeHead(status, { ...ALWAYS, ...(type !== "" && { "content-type": type }), ...others });
  if (status === 200) response.flushHeaders();
  for (const chunk of chunks) {
    if (response.destroyed) return;
    if (!response.write(toBytes(chunk))) await drained(response);
    onChunk();
    await pause(betweenMs);
    // Lets a client in this process read, even if the timer fired late.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  }
  if (breaks) {
    await beforeBreak();
    response.destroy();
    return;
  }
  if (!staysOpen) response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

/** A page is of another origin. HTTP clients may send a request again by themselves on a connection that was in use. */
const ALWAYS = { "cache-control": "no-store", "access-control-allow-origin": "*", connection: "close" } as const;

const notFound: RequestHandler = (_, response) => void response.writeHead(404).end();
