import { within } from "../within.ts";
import { type Answer, addressOf } from "./attackers.ts";

export const JSON_TYPE = { "content-type": "application/json" };

/** A guest's event stream, which reads nothing after its first event. */
export class GuestStream implements Disposable {
  readonly #url: string;
  readonly #guest: number;
  readonly #leave = new AbortController();
  #clientId = "";

  private constructor(url: string, guest: number) {
    this.#url = url;
    this.#guest = guest;
  }

  /** @returns a stream; subscribing fails with the answer that it got if the server refused it */
  static async open(url: string, guest: number): Promise<GuestStream> {
    const stream = new GuestStream(url, guest);
    const { signal } = stream.#leave;
    const response = await within(
      fetch(`${url}/api/realtime`, { headers: addressOf(guest), signal }),
      "a stream opens",
    );
    if (response.status !== 200) throw new Error(`no stream for guest ${guest}: ${response.status}`);
    const chunks = response.body![Symbol.asyncIterator]();
    const first = await within(chunks.next(), "a stream begins");
    stream.#clientId = /"clientId":"([^"]+)"/.exec(Buffer.from(first.value).toString())![1]!;
    void drain(chunks);
    return stream;
  }

  async subscribe(subscriptions: readonly string[]): Promise<Answer> {
    const body = JSON.stringify({ clientId: this.#clientId, subscriptions });
    const headers = { ...addressOf(this.#guest), ...JSON_TYPE };
    try {
      const options = { method: "POST", headers, body, signal: AbortSignal.timeout(45_000) };
      const response = await fetch(`${this.#url}/api/realtime`, options);
      await response.arrayBuffer();
      return response.status;
    } catch (error) {
      return error instanceof Error && error.name === "TimeoutError" ? "hung" : "closed";
    }
  }

  [Symbol.dispose](): void {
    this.#leave.abort();
  }
}

async function drain(chunks: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    while (!(await chunks.next()).done);
  } catch {
    // The stream was left, or cut.
  }
}
