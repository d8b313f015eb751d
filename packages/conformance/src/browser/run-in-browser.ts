import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { CaseResult, Report } from "../core/case.ts";
import { within } from "../core/deadline.ts";
import type { RunOptions } from "../core/run-profile.ts";
import type { PocketBaseTarget } from "../profiles/pocketbase/context.ts";
import { launchBrowser } from "./launch.ts";
import { pageScript } from "./page-script.ts";
import { readBody } from "./read-body.ts";

/** What the page runs. */
export interface PageTask {
  readonly target: PocketBaseTarget;
  readonly options: Omit<RunOptions, "onResult">;
}

/** Browsers open at most six connections to a server: this many streams leave some for requests. */
const CONNECTIONS = 3;
const LIMIT_MS = 10 * 60_000;

/** Runs the 25 behaviours in a headless Chromium, with its fetch, its timers and its connection limit. */
export async function runInBrowser(program: string, target: PocketBaseTarget, options: RunOptions): Promise<Report> {
  const { onResult, ...rest } = options;
  const task: PageTask = { target: { ...target, connections: CONNECTIONS }, options: rest };
  const script = await pageScript();
  let resolve: (report: Report) => void = () => undefined;
  const done = new Promise<Report>((settle) => (resolve = settle));

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    switch (request.url) {
      case "/":
        return void response
          .setHeader("content-type", "text/html")
          .end(`<script type="module" src="/page.js"></script>`);
      case "/page.js":
        return void response.setHeader("content-type", "text/javascript").end(script);
      case "/task":
        return void response.end(JSON.stringify(task));
      case "/result":
        onResult?.(JSON.parse(body) as CaseResult);
        return void response.end("{}");
      case "/report":
        response.end("{}");
        return resolve(JSON.parse(body) as Report);
      case undefined:
      default:
        return void response.writeHead(404).end();
    }
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const close = launchBrowser(program, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  try {
    return await within(done, LIMIT_MS, "the browser's report");
  } finally {
    await close();
    server.closeAllConnections();
    server.close();
  }
}
