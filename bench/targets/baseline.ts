import { fileURLToPath } from "node:url";
import { atExit } from "@headwater/testing/lib/at-exit.ts";
import type { Transport } from "../load/subscription.ts";
import { recordEvent, type Target } from "./target.ts";

/** A loop of socket writes and nothing else: see `baseline-sse-main.ts` and `baseline-websocket-main.ts`. */
export function startBaseline(transport: Transport = "sse"): Promise<Target> {
  const program = new URL(transport === "ws" ? "baseline-websocket-main.ts" : "baseline-sse-main.ts", import.meta.url);
  return startForwarder("baseline", [process.execPath, "--no-orphans", fileURLToPath(program)], transport);
}

export const hasNode = Bun.which("node") !== null;

/** The npm package `ws`, which most WebSocket servers on Node use: see `ws-main.mjs`. */
export const startWsPackage = (): Promise<Target> =>
  startForwarder("ws on Node", ["node", fileURLToPath(new URL("ws-main.mjs", import.meta.url))], "ws");

/** Starts a program that forwards what is posted to it, and prints its ports. */
async function startForwarder(name: string, command: readonly string[], transport: Transport): Promise<Target> {
  const child = Bun.spawn([...command], { stdio: ["ignore", "pipe", "inherit"] });
  const removeExitHandler = atExit(() => child.kill("SIGKILL"));
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
      removeExitHandler();
    },
  };
}
