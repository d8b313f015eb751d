import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../core/checks.ts";
import { eventually, within } from "../core/deadline.ts";
import { freePort } from "./free-port.ts";

export interface ServerFixture {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** An empty temporary folder, removed when the server stops. */
  readonly dir: string;
  /** Sends SIGTERM, then SIGKILL if the server does not exit in time. */
  readonly stop: () => Promise<void>;
}

export interface ServerFixtureOptions {
  /** A shell command line; `{port}` and `{dir}` are filled in. */
  readonly command: string;
  /** The path that returns 2xx once the server is ready. Default `/api/health`. */
  readonly health?: string;
  readonly startMs?: number;
  readonly stopMs?: number;
}

/** The end of the output, which says why a server did not start. In characters. */
const KEPT_OUTPUT = 4_000;

/** Output of a server whose port another process took first. */
const TAKEN = /EADDRINUSE|address already in use|port .*in use/i;
const ATTEMPTS = 3;

/** Starts a server on a free port and waits until it is healthy. @throws Failure with its output, if it does not start */
export async function startServer(options: ServerFixtureOptions): Promise<ServerFixture> {
  for (let attempt = 1; ; attempt += 1) {
    const started = await launch(options);
    if ("url" in started) return started;
    if (attempt === ATTEMPTS || !TAKEN.test(started.output))
      throw new Failure(`${options.command} did not become healthy:\n${started.output}`);
  }
}

async function launch(options: ServerFixtureOptions): Promise<ServerFixture | { readonly output: string }> {
  const { health = "/api/health", startMs = 30_000, stopMs = 10_000 } = options;
  const [port, dir] = [await freePort(), mkdtempSync(join(tmpdir(), "conformance-server-"))];
  const url = `http://127.0.0.1:${port}`;
  const command = options.command.replaceAll("{port}", String(port)).replaceAll("{dir}", `'${dir}'`);
  // Its own process group, so that signals reach the server and not only the shell.
  const child = spawn(command, { shell: true, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Buffer) => (output = (output + bytes.toString()).slice(-KEPT_OUTPUT)));
  let isOver = false;
  const exited = new Promise<void>((resolve) => {
    const over = (): void => {
      isOver = true;
      resolve();
    };
    child.on("exit", over);
    child.on("error", over);
  });
  const signal = (name: NodeJS.Signals): void => {
    if (isOver || child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch {
      // It has exited, but its exit event has not fired yet.
    }
  };
  const stop = async (): Promise<void> => {
    signal("SIGTERM");
    await within(exited, stopMs, "the end of the server").catch(() => signal("SIGKILL"));
    await exited;
    rmSync(dir, { recursive: true, force: true });
  };
  const isHealthy = (): Promise<boolean> =>
    fetch(url + health, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  let healthy = false;
  await eventually(async () => isOver || (healthy = await isHealthy()), startMs, 50);
  if (healthy && !isOver) return { url, port, dir, stop };
  await stop();
  return { output };
}
