import { getPriority, setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { atExit } from "@headwater/testing/lib/at-exit.ts";
import { keepToLastCore } from "./cores.ts";
import type { Groups } from "./groups.ts";
import type { PhaseResult, Subscription } from "./readers.ts";

export type ReaderRequest =
  | { readonly do: "open"; readonly subscription: Subscription; readonly subscribers: number; readonly resume: boolean }
  | { readonly do: "begin"; readonly groups: Groups }
  | { readonly do: "reached"; readonly deliveries: number }
  | { readonly do: "gotChunks"; readonly chunks: number }
  | { readonly do: "finish"; readonly events: number }
  | { readonly do: "churn"; readonly subscription: Subscription; readonly milliseconds: number; readonly lanes: number }
  | { readonly do: "close" };

export interface ReaderReply {
  readonly phase?: PhaseResult;
  readonly reached?: boolean;
  readonly cycles?: number;
  readonly failure?: string;
}

/** The subscribers of a bench, in a process of their own: see `Readers`. */
export class ReaderProcess implements Disposable {
  #waiting = Promise.withResolvers<ReaderReply>();
  readonly #child = Bun.spawn([process.execPath, fileURLToPath(new URL("reader-main.ts", import.meta.url))], {
    stdio: ["ignore", "inherit", "inherit"],
    ipc: (reply: ReaderReply) => this.#waiting.resolve(reply),
    onExit: () => this.#waiting.reject(new Error("the process of the subscribers ended")),
  });

  readonly #forget = atExit(() => this.#child.kill("SIGKILL"));

  /** From here on others go first where there are more processes than cores. */
  async stepBack(): Promise<void> {
    setPriority(this.#child.pid, Math.min(19, getPriority() + 10));
    await keepToLastCore(this.#child.pid);
  }

  async open(subscription: Subscription, subscribers: number, resume = false): Promise<void> {
    await this.#call({ do: "open", subscription, subscribers, resume });
  }

  async begin(groups: Groups): Promise<void> {
    await this.#call({ do: "begin", groups });
  }

  async reached(deliveries: number): Promise<boolean> {
    return (await this.#call({ do: "reached", deliveries })).reached!;
  }

  async gotChunks(chunks: number): Promise<boolean> {
    return (await this.#call({ do: "gotChunks", chunks })).reached!;
  }

  async finish(events: number): Promise<PhaseResult> {
    return (await this.#call({ do: "finish", events })).phase!;
  }

  async churn(subscription: Subscription, milliseconds: number, lanes: number): Promise<number> {
    return (await this.#call({ do: "churn", subscription, milliseconds, lanes })).cycles!;
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
