import type { IncomingMessage, ServerResponse } from "node:http";
import type { ClientDriver, ClientEvent, ClientState, OnEvent, OnState } from "../clients/driver.ts";
import { ScriptedServer } from "../clients/scripted-server.ts";
import { EVENT_SOURCE_PAGE } from "./event-source-page.ts";
import { readBody } from "./read-body.ts";

/** Tells the page to open a URL, or, without one, to close the source with this id. */
interface PageCommand {
  readonly id: number;
  readonly url?: string;
  readonly names?: readonly string[];
}

/** What the page posts: an event, or a state that a source enters. */
type Posted = { readonly id: number } & (ClientEvent | { readonly state: ClientState });

export interface BrowserHarness {
  readonly driver: ClientDriver;
  /** The page to open. */
  readonly origin: string;
  stop(): void;
}

/** Browsers open six connections to an origin, and resolve each name under `localhost` by themselves. */
const ownOrigin = (url: string, id: number): string => url.replace("//127.0.0.1:", `//client-${id}.localhost:`);

/** A driver for any browser that opens `origin`. */
export async function startBrowserHarness(name: string): Promise<BrowserHarness> {
  const commands: PageCommand[] = [];
  const listeners = new Map<number, { readonly onEvent: OnEvent; readonly onState: OnState }>();
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
    for (const { id, ...posted } of JSON.parse(body) as readonly Posted[]) {
      if ("state" in posted) listeners.get(id)?.onState(posted.state);
      else listeners.get(id)?.onEvent(posted);
    }
    response.end("{}");
  };

  const server = await ScriptedServer.start((request, response) => void handle(request, response));
  const driver: ClientDriver = {
    name,
    reconnects: true,
    reportsStates: true,
    open(url, names, onEvent, onState) {
      count += 1;
      const id = count;
      listeners.set(id, { onEvent, onState });
      send({ id, url: ownOrigin(url, id), names });
      return Promise.resolve(() => {
        listeners.delete(id);
        send({ id });
      });
    },
  };
  return { driver, origin: server.origin, stop: () => server.stop() };
}
