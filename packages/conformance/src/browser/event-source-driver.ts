import type { IncomingMessage, ServerResponse } from "node:http";
import type { ClientDriver, ClientEvent } from "../clients/driver.ts";
import { ScriptedServer } from "../clients/scripted-server.ts";
import { EVENT_SOURCE_PAGE } from "./event-source-page.ts";
import { readBody } from "./read-body.ts";

/** Tells the page to open a URL, or, without one, to close the source with this id. */
interface PageCommand {
  readonly id: number;
  readonly url?: string;
  readonly names?: readonly string[];
}

export interface BrowserHarness {
  readonly driver: ClientDriver;
  /** Serves the page and the streams, so that they have the same origin. */
  readonly server: ScriptedServer;
}

/** A driver for any browser that opens `server.origin`. */
export async function startBrowserHarness(name: string): Promise<BrowserHarness> {
  const commands: PageCommand[] = [];
  const listeners = new Map<number, (event: ClientEvent) => void>();
  let waiting: ServerResponse | undefined;
  let count = 0;

  const send = (command: PageCommand): void => {
    commands.push(command);
    flush();
  };
  const flush = (): void => {
    if (!waiting || commands.length === 0) return;
    waiting.end(JSON.stringify(commands.shift()));
    waiting = undefined;
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    if (request.method === "GET") return void response.setHeader("content-type", "text/html").end(EVENT_SOURCE_PAGE);
    if (request.url === "/next") {
      waiting = response;
      return flush();
    }
    const { id, ...event } = JSON.parse(body) as ClientEvent & { readonly id: number };
    listeners.get(id)?.(event);
    response.end("{}");
  };

  const server = await ScriptedServer.start((request, response) => void handle(request, response));
  const driver: ClientDriver = {
    name,
    reconnects: true,
    open(url, names, onEvent) {
      count += 1;
      const id = count;
      listeners.set(id, onEvent);
      send({ id, url, names });
      return Promise.resolve(() => {
        listeners.delete(id);
        send({ id });
      });
    },
  };
  return { driver, server };
}
