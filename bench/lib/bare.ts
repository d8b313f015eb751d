import { fileURLToPath } from "node:url";
import { atExit } from "../../packages/server/test/support/at-exit.ts";
import { recordEvent, type Target } from "./target.ts";

/** A loop of socket writes and nothing else: see `bare-main.ts`. */
export async function startBare(): Promise<Target> {
  const program = fileURLToPath(new URL("bare-main.ts", import.meta.url));
  const child = Bun.spawn([process.execPath, "--no-orphans", program], { stdio: ["ignore", "pipe", "inherit"] });
  const forget = atExit(() => child.kill("SIGKILL"));
  const { value } = await child.stdout.getReader().read();
  const ports: { streams: number; publisher: number } = JSON.parse(new TextDecoder().decode(value));
  return {
    name: "bare loop",
    pid: child.pid,
    groups: 1,
    subscription: { url: `http://127.0.0.1:${ports.streams}/` },
    publishUrl: `http://127.0.0.1:${ports.publisher}/`,
    body: recordEvent,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      forget();
    },
  };
}
