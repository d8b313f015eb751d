import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { ThumbJob, ThumbReply } from "./thumb-messages.ts";

const SCRIPT = fileURLToPath(new URL("./thumb-main.ts", import.meta.url));

/** A process that makes one thumbnail at a time. */
export class ThumbProcess {
  readonly #child: Bun.Subprocess<"ignore", "inherit", "inherit">;
  #answer: ((reply: ThumbReply) => void) | undefined;
  #ended = false;

  constructor() {
    this.#child = Bun.spawn([process.execPath, SCRIPT], {
      // Settings of the application's own folder, such as a `.env`, are not for it.
      cwd: dirname(SCRIPT),
      stdio: ["ignore", "inherit", "inherit"],
      serialization: "json",
      ipc: (reply: ThumbReply) => this.#reply(reply),
      onExit: () => {
        this.#ended = true;
        this.#reply({ kind: "failed", reason: "ended", message: "the process ended" });
      },
    });
    this.#child.unref();
  }

  get isAlive(): boolean {
    return !this.#ended;
  }

  /** @param limitMs after which the process is killed, and with it the thumbnail */
  async make(job: ThumbJob, limitMs: number): Promise<ThumbReply> {
    if (this.#ended) return { kind: "failed", reason: "ended", message: "the process ended" };
    const timer = setTimeout(() => void this.kill(), limitMs);
    this.#child.ref();
    try {
      return await new Promise<ThumbReply>((resolve) => {
        this.#answer = resolve;
        this.#child.send(job);
      });
    } finally {
      clearTimeout(timer);
      // One that has nothing to do keeps no program from ending.
      this.#child.unref();
    }
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  #reply(reply: ThumbReply): void {
    this.#answer?.(reply);
    this.#answer = undefined;
  }
}
