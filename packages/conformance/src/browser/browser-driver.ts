import type { IncomingMessage, ServerResponse } from "node:http";
import type { ClientDriver, ClientEvent } from "../clients/driver.ts";
import { ScriptedServer } from "../clients/scripted-server.ts";
import { JUDGED_PAGE } from "./judged-page.ts";
import { readBody } from "./read-body.ts";

/** What the page is to do: to listen to a URL, or to leave the one with this id. */
interface Order {
  readonly id: number;
  readonly url?: string;
  readonly names?: readonly string[];
}

export interface BrowserStage {
  readonly driver: ClientDriver;
  /** Serves both the page and the streams, so that they are of one origin. */
  readonly server: ScriptedServer;
}

/** A driver for whichever browser opens `server.origin`. */
export async function openBrowserStage(name: string): Promise<BrowserStage> {
  const orders: Order[] = [];
  const listeners = new Map<number, (event: ClientEvent) => void>();
  let waiting: ServerResponse | undefined;
  let count = 0;

  const give = (order: Order): void => {
    orders.push(order);
    flush();
  };
  const flush = (): void => {
    if (!waiting || orders.length === 0) return;
    waiting.end(JSON.stringify(orders.shift()));
    waiting = undefined;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    if (request.method === "GET") return void response.setHeader("content-type", "text/html").end(JUDGED_PAGE);
    if (request.url === "/next") {
      waiting = response;
      return flush();
    }
    const { id, ...event } = JSON.parse(body) as ClientEvent & { readonly id: number };
    listeners.get(id)?.(event);
    response.end("{}");
  };

  const server = await ScriptedServer.start((request, response) => void answer(request, response));
  const driver: ClientDriver = {
    name,
    reconnects: true,
    open(url, names, onEvent) {
      count += 1;
      const id = count;
      listeners.set(id, onEvent);
      give({ id, url, names });
      return Promise.resolve(() => {
        listeners.delete(id);
        give({ id });
      });
    },
  };
  return { driver, server };
}
