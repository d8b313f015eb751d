import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { ClientDriver, ClientEvent } from "./driver.ts";

/**
 * A driver for any program. The program gets the URL as its last argument and writes each event to standard output as a
 * line of JSON, `{"event", "data", "lastEventId"}`. `SSE_EVENTS` has the event names to listen for, separated by spaces.
 * SIGTERM closes the client.
 */
export const processDriver = (command: string, reconnects: boolean): ClientDriver => ({
  name: command,
  reconnects,
  open(url, names, onEvent) {
    const child = spawn(`${command} '${url}'`, {
      shell: true,
      // Its own process group, so that signals reach the program and not only the shell.
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, SSE_EVENTS: names.join(" ") },
    });
    child.on("error", () => undefined);
    createInterface({ input: child.stdout }).on("line", (line) => {
      const event = parse(line);
      if (event) onEvent(event);
    });
    const exited = new Promise<void>((resolve) => child.on("close", () => resolve()));
    return Promise.resolve(async () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
      await exited;
    });
  },
});

function parse(line: string): ClientEvent | undefined {
  try {
    const { event = "message", data, lastEventId = "" } = JSON.parse(line) as Partial<ClientEvent>;
    return data === undefined ? undefined : { event, data, lastEventId };
  } catch {
    return undefined;
  }
}
