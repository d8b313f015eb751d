import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The program of a browser that this machine has. */
export const BROWSER = ["chromium", "chromium-browser", "google-chrome"].map((name) => Bun.which(name)).find(Boolean);

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A headless browser, driven by its own protocol (Chrome DevTools Protocol). */
export class Browser implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #end: () => Promise<void>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #asked = 0;

  private constructor(socket: WebSocket, end: () => Promise<void>) {
    this.#socket = socket;
    this.#end = end;
    socket.addEventListener("message", ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  static async start(program: string): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), "headwater-browser-"));
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
    const child = Bun.spawn(
      [program, ...flags, `--user-data-dir=${profile}`, "--remote-debugging-port=0", "about:blank"],
      {
        stdout: "ignore",
        stderr: "pipe",
      },
    );
    const address = await addressIn(child.stderr);
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", reject);
    });
    return new Browser(socket, async () => {
      child.kill("SIGKILL");
      await child.exited;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    });
  }

  async ask(method: string, params: object = {}, sessionId?: string): Promise<unknown> {
    const id = (this.#asked += 1);
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, resolve);
    this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
    const { result, error } = await promise;
    this.#waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** A page in a profile of its own: it shares nothing with the others. */
  async open(url: string): Promise<Page> {
    const { browserContextId } = (await this.ask("Target.createBrowserContext")) as { browserContextId: string };
    const { targetId } = (await this.ask("Target.createTarget", { url, browserContextId })) as { targetId: string };
    const { sessionId } = (await this.ask("Target.attachToTarget", { targetId, flatten: true })) as {
      sessionId: string;
    };
    return new Page((method, params) => this.ask(method, params, sessionId));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#end();
  }
}

export class Page {
  readonly #ask: (method: string, params?: object) => Promise<unknown>;

  constructor(ask: (method: string, params?: object) => Promise<unknown>) {
    this.#ask = ask;
  }

  /** What the expression is worth in the page. */
  async read<T>(expression: string): Promise<T> {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = (await this.#ask("Runtime.evaluate", params)) as {
      result: { value: T };
      exceptionDetails?: { exception?: { description?: string } };
    };
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? "the page threw");
    return result.value;
  }

  /** Waits until the expression is true in the page. */
  async until(expression: string): Promise<void> {
    const deadline = performance.now() + 30_000;
    // A page that is still being loaded can't be asked.
    while (!(await this.read<boolean>(`Boolean(${expression})`).catch(() => false))) {
      if (performance.now() > deadline) {
        throw new Error(
          `never true: ${expression}; the page shows ${await this.read<string>("document.body?.innerText")}`,
        );
      }
      await Bun.sleep(30);
    }
  }

  async setOffline(offline: boolean): Promise<void> {
    await this.#ask("Network.enable");
    const conditions = { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
    await this.#ask("Network.emulateNetworkConditions", conditions);
  }

  async reload(): Promise<void> {
    await this.#ask("Page.reload");
  }
}

async function addressIn(stderr: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stderr) {
    text += decoder.decode(chunk, { stream: true });
    const found = /ws:\/\/\S+/.exec(text);
    if (found) return found[0];
  }
  throw new Error(`the browser did not start: ${text}`);
}
