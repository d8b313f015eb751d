import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { atExit } from "@headwater/testing/lib/at-exit.ts";
import { freePort } from "@headwater/testing/lib/free-port.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";

setDefaultTimeout(60_000);

const hasNpm = Bun.which("npm") !== null && existsSync("/proc/self/stat");
const serverPackage = join(import.meta.dir, "../..");

/** A project that has Headwater installed. */
const project = join(testDir(), "project");

beforeAll(async () => {
  mkdirSync(join(project, "node_modules/.bin"), { recursive: true });
  symlinkSync(serverPackage, join(project, "node_modules/headwater"));
  symlinkSync("../headwater/bin/headwater.js", join(project, "node_modules/.bin/headwater"));
  const scripts = {
    start: "exec headwater serve",
    plain: "headwater serve",
    background: "headwater serve & sleep 0.1",
  };
  await Bun.write(join(project, "package.json"), JSON.stringify({ name: "project", version: "1.0.0", scripts }));
});

interface Started {
  readonly url: string;
  readonly dir: string;
  readonly command: Bun.Subprocess;
  /** The server's own process. */
  readonly pid: number;
  untilLogged(text: string): Promise<void>;
}

const running: number[] = [];
afterAll(() => {
  for (const pid of running) if (isRunning(pid)) process.kill(pid, "SIGKILL");
});

/** Starts a server through a package manager, and waits until it answers. */
async function start(...command: readonly string[]): Promise<Started> {
  const [port, root] = [freePort(), testDir()];
  const [dir, log] = [join(root, "pb_data"), join(root, "log")];
  const env = {
    ...process.env,
    HEADWATER_DIR: dir,
    HEADWATER_HTTP: `127.0.0.1:${port}`,
    npm_config_update_notifier: "false",
    // The tests run with it. It would end the server before the server can.
    BUN_FEATURE_FLAG_NO_ORPHANS: undefined,
  };
  const child = Bun.spawn([...command], {
    cwd: project,
    env,
    stdin: "ignore",
    stdout: Bun.file(log),
    stderr: Bun.file(`${log}.err`),
  });
  atExit(() => child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}`;
  while (!(await isServing(url))) {
    if (child.exitCode !== null && child.exitCode !== 0) throw new Error(readFileSync(`${log}.err`, "utf8"));
    await Bun.sleep(20);
  }
  const untilLogged = async (text: string): Promise<void> => {
    while (!readFileSync(log, "utf8").includes(text)) await Bun.sleep(20);
  };
  const pid = pidOfServer(dir);
  running.push(pid);
  return { url, dir, command: child, pid, untilLogged };
}

const isServing = (url: string): Promise<boolean> =>
  fetch(`${url}/api/health`).then(
    ({ ok }) => ok,
    () => false,
  );

/**
 * The process that has this folder in its environment and runs the server's own program, but no child of it: one that is
 * starting still has its parent's command line.
 */
function pidOfServer(dir: string): number {
  const parents = new Map<number, number>();
  for (const name of new Bun.Glob("[0-9]*").scanSync({ cwd: "/proc", onlyFiles: false })) {
    try {
      const isServer = readFileSync(`/proc/${name}/cmdline`, "utf8").includes("src/main.ts");
      if (!isServer || !readFileSync(`/proc/${name}/environ`, "utf8").includes(dir)) continue;
      parents.set(Number(name), Number(readFileSync(`/proc/${name}/stat`, "utf8").split(") ")[1]!.split(" ")[1]));
    } catch {
      // It has ended since, or belongs to someone else.
    }
  }
  for (const [pid, parent] of parents) if (!parents.has(parent)) return pid;
  throw new Error(`no server of ${dir}`);
}

function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/\) Z /.test(stat);
  } catch {
    return false;
  }
}

async function untilGone(pid: number): Promise<void> {
  while (isRunning(pid)) await Bun.sleep(20);
}

const COMMANDS = [
  ["npx headwater serve", ["npx", "headwater", "serve"]],
  ["npm start", ["npm", "start"]],
  ["npm run", ["npm", "run", "plain"]],
  ["the launcher", ["node", "node_modules/.bin/headwater", "serve"]],
] as const;

test.skipIf(!hasNpm).each(COMMANDS)("SIGTERM to %s stops the server in order", async (_, command) => {
  const started = await start(...command);
  const stream = await SseClient.connect(started.url);
  started.command.kill("SIGTERM");
  await started.untilLogged('"msg":"stopped"');
  await untilGone(started.pid);
  await stream.ended;
  await using next = await startServer({ dir: started.dir, port: Number(new URL(started.url).port) });
  expect(await isServing(next.url)).toBe(true);
});

test.skipIf(!hasNpm).each(COMMANDS)(
  "kill -9 of %s leaves no server that holds the port and the folder",
  async (_, command) => {
    const started = await start(...command);
    started.command.kill("SIGKILL");
    await started.untilLogged('"msg":"stopped"');
    await untilGone(started.pid);
    await using next = await startServer({ dir: started.dir, port: Number(new URL(started.url).port) });
    expect(await isServing(next.url)).toBe(true);
  },
);

test.skipIf(!hasNpm)("a server in the background of a script outlives it", async () => {
  const started = await start("npm", "run", "background");
  await started.command.exited;
  // Longer than it takes to notice that a parent is gone.
  await Bun.sleep(500);
  expect(await isServing(started.url)).toBe(true);
  process.kill(started.pid, "SIGTERM");
  await untilGone(started.pid);
});
