/** Listens to the stream that says when to pull, and comes back when it is cut; whatever it hears, it says so. */
export class PokeStream implements Disposable {
  readonly #abort = new AbortController();
  readonly messages: string[] = [];

  constructor(url: string, token: () => string, onHear: (data: string) => void, path = "/stream") {
    void this.#run(`${url}/api/v1/replicache${path}`, token, onHear);
  }

  async #run(url: string, token: () => string, onHear: (data: string) => void): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        const headers = { Authorization: `Bearer ${token()}` };
        const response = await fetch(url, { headers, signal });
        if (!response.ok) throw new Error(`the stream was refused: ${response.status}`);
        const decoder = new TextDecoder();
        for await (const chunk of response.body!) {
          for (const [, data] of decoder.decode(chunk, { stream: true }).matchAll(/^data: (.*)$/gm)) {
            this.messages.push(data!);
            onHear(data!);
          }
        }
      } catch {
        // Cut or refused: it comes back until it is closed.
      }
      if (!signal.aborted) await Bun.sleep(20);
    }
  }

  [Symbol.dispose](): void {
    this.#abort.abort();
  }
}
