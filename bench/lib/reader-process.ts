import { fileURLToPath } from "node:url";
import { atExit } from "../../packages/server/test/support/at-exit.ts";
import type { SubscriptionTarget } from "./readers.ts";
import type { TallyResult } from "./tally.ts";

export type ReaderRequest =
  | { readonly do: "open"; readonly target: SubscriptionTarget; readonly subscribers: number }
  | { readonly do: "begin"; readonly events: number }
  | { readonly do: "finish" }
  | { readonly do: "close" };

export interface ReaderReply {
  readonly result?: TallyResult;
  readonly failure?: string;
}

/** The subscribers of a bench, in a process of their own. */
export class ReaderProcess implements Disposable {
  #waiting = Promise.withResolvers<ReaderReply>();
  readonly #child = Bun.spawn([process.execPath, fileURLToPath(new URL("reader-main.ts", import.meta.url))], {
    stdio: ["ignore", "inherit", "inherit"],
    ipc: (reply: ReaderReply) => this.#waiting.resolve(reply),
    onExit: () => this.#waiting.reject(new Error("the process of the subscribers ended")),
  });

  readonly #forget = atExit(() => this.#child.kill("SIGKILL"));

  async open(target: SubscriptionTarget, subscribers: number): Promise<void> {
    await this.#call({ do: "open", target, subscribers });
  }

  /** From here on deliveries count. */
  async begin(events: number): Promise<void> {
    await this.#call({ do: "begin", events });
  }

  async finish(): Promise<TallyResult> {
    const { result } = await this.#call({ do: "finish" });
    return result!;
  }

  async close(): Promise<void> {
    await this.#call({ do: "close" });
  }

  [Symbol.dispose](): void {
    this.#waiting.promise.catch(() => undefined);
    this.#child.kill("SIGKILL");
    this.#forget();
  }

  async #call(message: ReaderRequest): Promise<ReaderReply> {
    this.#waiting = Promise.withResolvers();
    this.#child.send(message);
    const reply = await this.#waiting.promise;
    if (reply.failure !== undefined) throw new Error(reply.failure);
    return reply;
  }
}
