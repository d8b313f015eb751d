import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { atExit } from "../lib/at-exit.ts";
import { freePort } from "../lib/free-port.ts";
import { commandOf, runCommand, type ServerKind, testedKind } from "./server-kind.ts";
import { type TempDir, tempDir } from "../lib/temp-dir.ts";

export const SUPERUSER = { email: "root@example.com", password: "1234567890" } as const;

export interface ServerOptions {
  readonly kind?: ServerKind;
  /** The data folder; without one the server gets an empty temporary folder that goes when it is disposed of. */
  readonly dir?: string;
  /** Without one a free port is taken. */
  readonly port?: number;
  readonly args?: readonly string[];
  /** Arguments of the runtime that our server runs on, such as a preload. */
  readonly runtimeArgs?: readonly string[];
}

/** A server in a process of its own: `await using server = await startServer()`. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly dir: string;
  /** What it wrote so far. */
  readonly stdout: () => Promise<string>;
  readonly stderr: () => Promise<string>;
  /** Sends the signal and waits for the end. Gives the exit code, or null if the signal ended it. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

const START_TIMEOUT_MS = 30_000;
const START_ATTEMPTS = 5;

/** Starts a server and waits until it answers. A new folder gets {@link SUPERUSER}; one that has a database keeps its own. */
export async function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const kind = options.kind ?? testedKind;
  const temp = options.dir === undefined ? tempDir() : undefined;
  const dir = options.dir ?? join(temp!.path, "pb_data");
  mkdirSync(dir, { recursive: true });
  try {
    if (!existsSync(join(dir, "data.db"))) await addSuperuser(kind, dir);
    for (let attempt = 1; ; attempt += 1) {
      const started = await launch(kind, dir, options.port ?? freePort(), options, temp);
      if ("url" in started) return started;
      if (options.port !== undefined || attempt === START_ATTEMPTS) throw new Error(started.failure);
    }
  } catch (error) {
    temp?.[Symbol.dispose]();
    throw error;
  }
}

async function addSuperuser(kind: ServerKind, dir: string): Promise<void> {
  const { code, stdout, stderr } = await runCommand(kind, [
    "superuser",
    "upsert",
    SUPERUSER.email,
    SUPERUSER.password,
    "--dir",
    dir,
  ]);
  if (code !== 0) throw new Error(`no superuser in ${dir}: ${stdout}${stderr}`);
}

async function launch(
  kind: ServerKind,
  dir: string,
  port: number,
  { args = [], runtimeArgs = [] }: ServerOptions,
  temp: TempDir | undefined,
): Promise<ServerProcess | { readonly failure: string }> {
  // Files and not pipes: nobody has to read them for the server to go on.
  const outputs = join(dir, "..", `${kind}-${port}-${Date.now()}`);
  const [stdout, stderr] = [Bun.file(`${outputs}.out`), Bun.file(`${outputs}.err`)];
  const child = Bun.spawn(
    [...commandOf(kind, runtimeArgs), "serve", "--dir", dir, "--http", `127.0.0.1:${port}`, ...args],
    { stdin: "ignore", stdout, stderr },
  );
  const forget = atExit(() => child.kill("SIGKILL"));
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> => {
    child.kill(signal);
    await child.exited;
    forget();
    return child.exitCode;
  };
  const url = `http://127.0.0.1:${port}`;
  if (!(await answers(url, child))) {
    await stop("SIGKILL");
    return { failure: `${kind} did not start on port ${port}:\n${await stdout.text()}${await stderr.text()}` };
  }
  return {
    url,
    port,
    dir,
    pid: child.pid,
    stop,
    stdout: () => stdout.text(),
    stderr: () => stderr.text(),
    async [Symbol.asyncDispose]() {
      await stop("SIGKILL");
      await Promise.all([stdout, stderr].map((file) => file.delete().catch(() => undefined)));
      temp?.[Symbol.dispose]();
    },
  };
}

/** Whether the health endpoint answers before the process ends or the time is over. */
async function answers(url: string, child: Subprocess): Promise<boolean> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (child.exitCode === null && performance.now() < deadline) {
    const healthy = await fetch(`${url}/api/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) return child.exitCode === null;
    await Bun.sleep(10);
  }
  return false;
}
