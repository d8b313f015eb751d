import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { rememberFolder } from "./cursors.ts";
import { atExit } from "../lib/at-exit.ts";
import { freePort } from "../lib/free-port.ts";
import { commandOf, runCommand, type ServerKind, testedKind } from "./server-command.ts";
import { type TempDir, tempDir } from "../lib/temp-dir.ts";

export const SUPERUSER = { email: "root@example.com", password: "1234567890" } as const;

export interface ServerOptions {
  readonly kind?: ServerKind;
  /** The data folder. By default an empty temporary folder, removed when the server is disposed. */
  readonly dir?: string;
  /** By default a free port. */
  readonly port?: number;
  readonly args?: readonly string[];
  /** Arguments for Bun, such as a preload. */
  readonly runtimeArgs?: readonly string[];
  /** The source tree whose server to start, to compare with an earlier one. By default this one. */
  readonly root?: string | undefined;
}

/** A server in its own process: `await using server = await startServer()`. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly dir: string;
  /** The output so far. */
  readonly stdout: () => Promise<string>;
  readonly stderr: () => Promise<string>;
  /** Waits until the standard output contains the text. @returns the output so far */
  readonly untilLogged: (text: string) => Promise<string>;
  /** Sends the signal and waits for the exit. @returns the exit code, or null if the signal ended the process */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

const START_TIMEOUT_MS = 30_000;
const START_ATTEMPTS = 5;

/** Starts a server and waits until it is healthy. Creates {@link SUPERUSER} if the folder has no database yet. */
export async function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const kind = options.kind ?? testedKind;
  const temp = options.dir === undefined ? tempDir() : undefined;
  const dir = options.dir ?? join(temp!.path, "pb_data");
  mkdirSync(dir, { recursive: true });
  rememberFolder(dir);
  try {
    if (!existsSync(join(dir, "data.db"))) await addSuperuser(kind, dir, options.root);
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

async function addSuperuser(kind: ServerKind, dir: string, root: string | undefined): Promise<void> {
  const args = ["superuser", "upsert", SUPERUSER.email, SUPERUSER.password, "--dir", dir];
  const { code, stdout, stderr } = await runCommand(kind, args, "", root);
  if (code !== 0) throw new Error(`could not create a superuser in ${dir}: ${stdout}${stderr}`);
}

async function launch(
  kind: ServerKind,
  dir: string,
  port: number,
  { args = [], runtimeArgs = [], root }: ServerOptions,
  temp: TempDir | undefined,
): Promise<ServerProcess | { readonly failure: string }> {
  // Files, not pipes: a pipe that is not read would block the server.
  const outputs = join(dir, "..", `${kind}-${port}-${Date.now()}`);
  const [stdout, stderr] = [Bun.file(`${outputs}.out`), Bun.file(`${outputs}.err`)];
  const child = Bun.spawn(
    [...commandOf(kind, runtimeArgs, root), "serve", "--dir", dir, "--http", `127.0.0.1:${port}`, ...args],
    { stdin: "ignore", stdout, stderr },
  );
  const cancelKill = atExit(() => child.kill("SIGKILL"));
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> => {
    child.kill(signal);
    await child.exited;
    cancelKill();
    return child.exitCode;
  };
  const url = `http://127.0.0.1:${port}`;
  if (!(await becomesHealthy(url, child))) {
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
    untilLogged: (text) => untilContains(stdout, text),
    async [Symbol.asyncDispose]() {
      await stop("SIGKILL");
      await Promise.all([stdout, stderr].map((file) => file.delete().catch(() => undefined)));
      temp?.[Symbol.dispose]();
    },
  };
}

async function untilContains(file: Bun.BunFile, text: string): Promise<string> {
  for (;;) {
    const content = await file.text();
    if (content.includes(text)) return content;
    await Bun.sleep(10);
  }
}

/** Whether the health endpoint returns 2xx before the process exits or the time is up. */
async function becomesHealthy(url: string, child: Subprocess): Promise<boolean> {
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
