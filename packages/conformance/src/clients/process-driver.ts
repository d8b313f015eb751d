import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { ClientDriver, ClientEvent } from "./driver.ts";

/**
 * Any program as a client: it is run with the URL as its last argument, and writes each event as a line of JSON,
 * `{"event", "data", "lastEventId"}`, to its standard output. The names to listen for stand in `SSE_EVENTS`. It is sent
 * SIGTERM when it is to leave.
 */
export const processDriver = (command: string, reconnects: boolean): ClientDriver => ({
  name: command,
  reconnects,
  open(url, names, onEvent) {
    const child = spawn(`${command} '${url}'`, {
      shell: true,
      // In a group of its own, so that the shell does not keep a signal from the program.
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
