import type { PullResponse } from "@headwater/protocol";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";

const BASE = "/api/v1/replicache";
let clientCount = 0;

/** Pulls and pushes like Replicache, on one connection. Keeps only its cookie, not the records. */
export class SyncClient implements Disposable {
  readonly #connection: RawConnection;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #name: string;
  #cookie: unknown = null;
  #mutations = 0;

  private constructor(connection: RawConnection, token: string) {
    this.#connection = connection;
    this.#headers = { authorization: `Bearer ${token}` };
    this.#name = `bench${(clientCount += 1)}n${process.pid}`;
  }

  static async open(url: string, token: string): Promise<SyncClient> {
    return new SyncClient(await RawConnection.open(url), token);
  }

  /** @returns the duration in milliseconds */
  async pull(): Promise<number> {
    const start = performance.now();
    await this.#pullPage();
    return performance.now() - start;
  }

  /** Pulls all pages. @param otherRequest repeated meanwhile; returns its duration in milliseconds */
  async pullAll(otherRequest: () => Promise<number>) {
    const start = performance.now();
    let [pages, bytes, longestOther] = [0, 0, 0];
    const done = new AbortController();
    const other = (async () => {
      while (!done.signal.aborted) {
        longestOther = Math.max(longestOther, await otherRequest());
        await Bun.sleep(1); // Lets the pulls proceed.
      }
    })();
    for (let partial = true; partial; pages += 1) {
      const page = await this.#pullPage();
      [partial, bytes] = [page.partial === true, bytes + page.bytes];
    }
    const ms = performance.now() - start;
    done.abort();
    await other;
    return { ms, pages, bytes, longestOther };
  }

  async #pullPage(): Promise<PullResponse & { readonly bytes: number }> {
    const text = await this.#post("/pull", { pullVersion: 1, clientGroupID: this.#name, cookie: this.#cookie });
    const response = JSON.parse(text) as PullResponse;
    this.#cookie = response.cookie;
    return { ...response, bytes: text.length };
  }

  /** Creates a record with the records API. */
  async write(owner: string, title: string): Promise<void> {
    this.#connection.send("POST", "/api/collections/diaries/records", { owner, title }, this.#headers);
    await this.#readBody();
  }

  /** Pushes `size` mutations, each of which creates a record. */
  async push(owner: string, size: number): Promise<void> {
    const mutations = Array.from({ length: size }, () => {
      const id = (this.#mutations += 1);
      const args = {
        collection: "diaries",
        id: `${this.#name}m${id}`.replace("bench", "").slice(-15).padStart(15, "0"),
        data: { owner, title: "pushed" },
      };
      return { clientID: this.#name, id, name: "create", args, timestamp: 0 };
    });
    const text = await this.#post("/push", { pushVersion: 1, clientGroupID: this.#name, mutations, schemaVersion: "" });
    if (text !== "{}") throw new Error(`a push was not fully accepted: ${text.slice(0, 500)}`);
  }

  /** @returns the duration in milliseconds */
  async stats(): Promise<number> {
    const start = performance.now();
    this.#connection.send("GET", `${BASE}/stats`, undefined, this.#headers);
    await this.#readBody();
    return performance.now() - start;
  }

  async #post(path: string, body: unknown): Promise<string> {
    this.#connection.send("POST", BASE + path, { profileID: "p", ...(body as object) }, this.#headers);
    return this.#readBody();
  }

  async #readBody(): Promise<string> {
    const response = await this.#connection.response();
    if (response?.status !== 200) throw new Error(`request failed: ${response?.status} ${response?.body}`);
    return response.body;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}
