import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import type { ClientDriver, ClientEvent, ClientState, OnEvent, OnState } from "./driver.ts";

/** What runtimes take and give back for reasons of their own. */
const MEMORY_NOISE = 24 << 20;

/** A runtime takes a moment of a processor to start, and the cases that measure time should not see that. */
const WIDTH = 4;

/** What a program writes: an event, or a state that it enters. */
interface Line extends Partial<ClientEvent> {
  readonly state?: ClientState;
}

/** Options of a program under test. */
export interface ProcessOptions {
  readonly reconnects: boolean;
  /** Whether it writes its states. */
  readonly states?: boolean | undefined;
}

/**
 * A driver for any program. The program gets the URL as its last argument and writes each event to standard output as a
 * line of JSON, `{"event", "data", "lastEventId"}`, and, if it can, each state as `{"state": "open"}`. `SSE_EVENTS` has
 * the event names to listen for, separated by spaces. SIGTERM closes the client.
 */
export const processDriver = (command: string, { reconnects, states }: ProcessOptions): ClientDriver => ({
  name: command,
  reconnects,
  ...(states && { reportsStates: true }),
  memoryNoise: MEMORY_NOISE,
  width: WIDTH,
  open(url, names, onEvent, onState) {
    const child = spawn(`${command} '${url}'`, {
      shell: true,
      // Its own process group, so that signals reach the program and not only the shell.
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, SSE_EVENTS: names.join(" ") },
    });
    child.on("error", () => undefined);
    let rest = "";
    // Not by node:readline, which also ends lines at U+2028 and U+2029.
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) report(line, onEvent, onState);
    });
    const exited = new Promise<void>((resolve) => child.on("close", () => resolve()));
    return Promise.resolve({
      async close() {
        if (child.pid !== undefined && child.exitCode === null) kill(child.pid);
        await exited;
      },
      memory: () => residentBytes(child.pid ?? 0),
    });
  },
});

function report(line: string, onEvent: OnEvent, onState: OnState): void {
  const { state, event = "message", data, lastEventId = "" } = parse(line);
  if (state !== undefined) onState(state);
  if (data !== undefined) onEvent({ event, data, lastEventId });
}

function parse(line: string): Line {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return {};
  }
}

function kill(group: number): void {
  try {
    process.kill(-group, "SIGTERM");
  } catch {
    // It has just ended by itself.
  }
}

/** The resident memory of all processes of a group, in bytes. */
async function residentBytes(group: number): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pgid=,rss="]);
  const sizes = stdout.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  return sizes.reduce((sum, [pgid, kilobytes = 0]) => sum + (pgid === group ? kilobytes * 1_024 : 0), 0);
}
