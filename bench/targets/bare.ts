import { fileURLToPath } from "node:url";
import { atExit } from "@headwater/testing/lib/at-exit.ts";
import type { Transport } from "../load/readers.ts";
import { recordEvent, type Target } from "./target.ts";

/** A loop of socket writes and nothing else: see `bare-main.ts` and `bare-sockets-main.ts`. */
export function startBare(transport: Transport = "sse"): Promise<Target> {
  const program =
    transport === "ws" ? new URL("bare-sockets-main.ts", import.meta.url) : new URL("bare-main.ts", import.meta.url);
  return startLoop("bare loop", [process.execPath, "--no-orphans", fileURLToPath(program)], transport);
}

export const hasNode = Bun.which("node") !== null;

/** The npm package `ws`, which most WebSocket servers on Node stand on: see `ws-main.mjs`. */
export const startWsPackage = (): Promise<Target> =>
  startLoop("ws on Node", ["node", fileURLToPath(new URL("ws-main.mjs", import.meta.url))], "ws");

/** A program that hands on what is posted to it, and says on which ports. */
async function startLoop(name: string, command: readonly string[], transport: Transport): Promise<Target> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "pipe", "inherit"] });
  const forget = atExit(() => child.kill("SIGKILL"));
  const { value } = await child.stdout.getReader().read();
  const ports: { streams: number; publisher: number } = JSON.parse(new TextDecoder().decode(value));
  return {
    name,
    pid: child.pid,
    groups: 1,
    subscription: { url: `http://127.0.0.1:${ports.streams}/`, transport },
    publishUrl: `http://127.0.0.1:${ports.publisher}/`,
    body: recordEvent,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      forget();
    },
  };
}
