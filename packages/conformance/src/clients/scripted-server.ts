import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pause } from "../core/deadline.ts";
import { Inbox } from "../stream/inbox.ts";

/** What one connection is answered with. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent one by one, with a little time between them, so that they arrive as they are cut here. */
  readonly chunks?: readonly (string | Uint8Array)[];
  /** That little time, in milliseconds. */
  readonly betweenMs?: number;
  /** Whether the stream stays open; it is completed otherwise. */
  readonly stays?: true;
}

/** A request that a client made. */
export interface Asked {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** By `performance.now()`. */
  readonly at: number;
  /** When the connection was over, from whichever side. */
  readonly over: Promise<void>;
}

/** An address of the server, and who came there. */
export interface Stage {
  readonly url: string;
  readonly asked: Inbox<Asked>;
}

const BETWEEN_CHUNKS_MS = 20;

/** Who does not come back is told so: 204 ends an `EventSource`. */
const NO_MORE: Reply = { status: 204 };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that says what it is told to, to judge who listens. */
export class ScriptedServer {
  readonly origin: string;
  readonly #server: Server;
  readonly #stages: Map<string, Answer>;

  private constructor(server: Server, stages: Map<string, Answer>) {
    this.#server = server;
    this.#stages = stages;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** @param others answers what belongs to no stage */
  static async start(others: Answer = notFound): Promise<ScriptedServer> {
    const stages = new Map<string, Answer>();
    const server = createServer((request, response) => {
      const stage = stages.get(new URL(request.url ?? "/", "http://x").pathname);
      (stage ?? others)(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ScriptedServer(server, stages);
  }

  /** Sets up an address: the first connection gets the first reply, and when there are no more, 204. */
  stage(replies: readonly Reply[]): Stage {
    const path = `/stage/${this.#stages.size + 1}`;
    const asked = new Inbox<Asked>();
    this.#stages.set(path, (request, response) => {
      const over = new Promise<void>((resolve) => response.on("close", resolve));
      asked.push({ headers: request.headers, at: performance.now(), over });
      void perform(replies[asked.items.length - 1] ?? NO_MORE, response);
    });
    return { url: this.origin + path, asked };
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

async function perform(reply: Reply, response: ServerResponse): Promise<void> {
  const {
    status = 200,
    headers = { "content-type": "text/event-stream" },
    chunks = [],
    betweenMs = BETWEEN_CHUNKS_MS,
    stays,
  } = reply;
  response.on("error", () => undefined);
  response.socket?.setNoDelay(true);
  response.writeHead(status, { "cache-control": "no-store", ...headers });
  if (status === 200) response.flushHeaders();
  for (const chunk of chunks) {
    if (response.destroyed) return;
    response.write(chunk);
    await pause(betweenMs);
    // A client in this process has its turn to read, however late the timer was.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  }
  if (!stays) response.end();
}

const notFound: Answer = (_, response) => void response.writeHead(404).end();
