import { fileURLToPath } from "node:url";
import { atExit } from "../lib/at-exit.ts";
import type { BystanderCommand, BystanderReply, BystanderSettings, Phase } from "./measurement.ts";

const CONTROL = fileURLToPath(new URL("control-main.ts", import.meta.url));
const BYSTANDER = fileURLToPath(new URL("bystander-main.ts", import.meta.url));
const START_TIMEOUT_MS = 30_000;
const FINISH_TIMEOUT_MS = 90_000;

/** A client of the attacked server in its own process, beside a control server in another. */
export class Bystander implements Disposable {
  readonly #bystander: Child<BystanderReply>;
  readonly #control: Child<string>;

  private constructor(bystander: Child<BystanderReply>, control: Child<string>) {
    this.#bystander = bystander;
    this.#control = control;
  }

  /** Resolves when it is connected and at work. */
  static async start(settings: Omit<BystanderSettings, "controlUrl">): Promise<Bystander> {
    const control = new Child<string>([CONTROL]);
    const controlUrl = await control.reply();
    const bystander = new Child<BystanderReply>([BYSTANDER, JSON.stringify({ ...settings, controlUrl })]);
    await bystander.reply();
    return new Bystander(bystander, control);
  }

  /** What is begun from now on counts for that phase. */
  enter(phase: string): void {
    this.#bystander.send({ kind: "enter", phase });
  }

  /** Waits for all answers and events, and returns what was measured in each phase. */
  async finish(): Promise<Readonly<Record<string, Phase>>> {
    this.#bystander.send({ kind: "finish" });
    const reply = await this.#bystander.reply(FINISH_TIMEOUT_MS);
    if (reply.kind !== "finished") throw new Error(`the bystander replied ${reply.kind}`);
    return reply.phases;
  }

  [Symbol.dispose](): void {
    this.#bystander.end();
    this.#control.end();
  }
}

/** A TypeScript program that sends its results to its parent. */
class Child<Reply> {
  readonly #replies: Reply[] = [];
  readonly #child: Bun.Subprocess<"ignore", "inherit", "inherit">;
  readonly #cancelKill: () => void;
  #arrived = Promise.withResolvers<void>();

  constructor(command: readonly string[]) {
    this.#child = Bun.spawn([process.execPath, "--no-orphans", ...command], {
      stdio: ["ignore", "inherit", "inherit"],
      ipc: (reply: Reply) => {
        this.#replies.push(reply);
        this.#arrived.resolve();
      },
    });
    this.#cancelKill = atExit(() => this.#child.kill("SIGKILL"));
  }

  send(command: BystanderCommand): void {
    this.#child.send(command);
  }

  async reply(timeoutMs = START_TIMEOUT_MS): Promise<Reply> {
    const timer = setTimeout(() => this.#arrived.reject(new Error(`no reply within ${timeoutMs} ms`)), timeoutMs);
    while (this.#replies.length === 0) {
      await this.#arrived.promise;
      this.#arrived = Promise.withResolvers();
    }
    clearTimeout(timer);
    return this.#replies.shift()!;
  }

  end(): void {
    this.#cancelKill();
    this.#child.kill("SIGKILL");
  }
}
