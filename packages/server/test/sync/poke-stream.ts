/** A client of the poke stream that reconnects until it is disposed. */
export class PokeStream implements Disposable {
  readonly #abort = new AbortController();
  readonly messages: string[] = [];

  constructor(url: string, token: () => string, onMessage: (data: string) => void, path = "/stream") {
    void this.#run(`${url}/api/v1/replicache${path}`, token, onMessage);
  }

  async #run(url: string, token: () => string, onMessage: (data: string) => void): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        const headers = { Authorization: `Bearer ${token()}` };
        const response = await fetch(url, { headers, signal });
        if (!response.ok) throw new Error(`the server refused the stream: ${response.status}`);
        const decoder = new TextDecoder();
        for await (const chunk of response.body!) {
          for (const [, data] of decoder.decode(chunk, { stream: true }).matchAll(/^data: (.*)$/gm)) {
            this.messages.push(data!);
            onMessage(data!);
          }
        }
      } catch {
        // Disconnected or refused: reconnect.
      }
      if (!signal.aborted) await Bun.sleep(20);
    }
  }

  [Symbol.dispose](): void {
    this.#abort.abort();
  }
}
