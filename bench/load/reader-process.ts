import { getPriority, setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { atExit } from "@headwater/testing/lib/at-exit.ts";
import { pinToLastCore } from "./cores.ts";
import type { Groups } from "./groups.ts";
import type { Subscription } from "./subscription.ts";
import type { PhaseResult } from "./readers.ts";

export type ReaderRequest =
  | { readonly do: "open"; readonly subscription: Subscription; readonly subscribers: number; readonly resume: boolean }
  | { readonly do: "begin"; readonly groups: Groups }
  | { readonly do: "reached"; readonly deliveries: number }
  | { readonly do: "receivedChunks"; readonly chunks: number }
  | { readonly do: "finish"; readonly events: number }
  | { readonly do: "churn"; readonly subscription: Subscription; readonly milliseconds: number; readonly lanes: number }
  | { readonly do: "close" };

export interface ReaderReply {
  readonly phase?: PhaseResult;
  readonly reached?: boolean;
  readonly cycles?: number;
  readonly failure?: string;
}

/** Runs the subscribers of a bench in a separate process: see `Readers`. */
export class ReaderProcess implements Disposable {
  #pendingReply = Promise.withResolvers<ReaderReply>();
  readonly #child = Bun.spawn([process.execPath, fileURLToPath(new URL("reader-main.ts", import.meta.url))], {
    stdio: ["ignore", "inherit", "inherit"],
    ipc: (reply: ReaderReply) => this.#pendingReply.resolve(reply),
    onExit: () => this.#pendingReply.reject(new Error("the subscriber process exited")),
  });

  readonly #removeExitHandler = atExit(() => this.#child.kill("SIGKILL"));

  /** Lowers the process's priority, so that other processes run first when cores are scarce. */
  async lowerPriority(): Promise<void> {
    setPriority(this.#child.pid, Math.min(19, getPriority() + 10));
    await pinToLastCore(this.#child.pid);
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

  async receivedChunks(chunks: number): Promise<boolean> {
    return (await this.#call({ do: "receivedChunks", chunks })).reached!;
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
    this.#pendingReply.promise.catch(() => undefined);
    this.#child.kill("SIGKILL");
    this.#removeExitHandler();
  }

  async #call(message: ReaderRequest): Promise<ReaderReply> {
    this.#pendingReply = Promise.withResolvers();
    this.#child.send(message);
    const reply = await this.#pendingReply.promise;
    if (reply.failure !== undefined) throw new Error(reply.failure);
    return reply;
  }
}
