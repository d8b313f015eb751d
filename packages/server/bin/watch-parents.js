// Plain JavaScript for Node. `kill -9` of npm or npx ends neither the shell that it started nor what runs in it, and a
// shell that npm ends by SIGTERM passes no signal on. So the launcher watches the processes above it.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";

/** How often the parents are checked, in milliseconds. */
const PERIOD_MS = 100;

const PACKAGE_MANAGERS = /^(?:npm|npx|pnpm|pnpx|yarn|bun|bunx)(?:-cli)?(?:\.[cm]?js|\.exe)?$/;
const SHELLS = /^-?(?:ba|da|a|z|k)?sh$/;

/**
 * Calls back once when the package manager that started this process ends, or the shell in between. Never for a process
 * that was started in another way, or in the background of a script: it may outlive its parent.
 *
 * @param {() => void} onOrphaned
 */
export function watchParents(onOrphaned) {
  const parents = startingParents(process.ppid);
  if (!parents) return;
  const { direct, above } = parents;
  const timer = setInterval(() => {
    if (process.ppid === direct && (above === undefined || isStillAbove(above, direct))) return;
    clearInterval(timer);
    onOrphaned();
  }, PERIOD_MS);
  timer.unref();
}

/**
 * @param {number} direct the process that started this one
 * @returns {{ readonly direct: number, readonly above: number | undefined } | undefined}
 */
function startingParents(direct) {
  // Package managers set these for what they run.
  if (!process.env.npm_execpath && !process.env.npm_lifecycle_event) return undefined;
  const { parent: above, words } = inspect(direct);
  if (isPackageManager(words)) return { direct, above: undefined };
  if (above === undefined || !SHELLS.test(basename(words[0] ?? "")) || words[1] !== "-c") return undefined;
  const isInBackground = /&\s*(?:$|[^&\s])/.test(
    words
      .slice(2)
      .join(" ")
      .replaceAll(/&&|[<>]&|&>/g, ""),
  );
  return isInBackground || !isPackageManager(inspect(above).words) ? undefined : { direct, above };
}

/**
 * Whether one of the first two words is a package manager: `npm start`, or `node /usr/bin/yarn start`.
 *
 * @param {readonly string[]} words
 */
const isPackageManager = (words) => words.slice(0, 2).some((word) => PACKAGE_MANAGERS.test(basename(word)));

const hasProc = existsSync("/proc/self/stat");

/**
 * A process's parent and command line; neither if the process is gone, or the system has no way to tell.
 *
 * @param {number} pid
 * @returns {{ readonly parent: number | undefined, readonly words: readonly string[] }}
 */
function inspect(pid) {
  try {
    if (hasProc) return { parent: parentOf(pid), words: readFileSync(`/proc/${pid}/cmdline`, "utf8").split(/[\0 ]/) };
    const [parent, ...words] = execFileSync("ps", ["-o", "ppid=,args=", "-p", String(pid)], { encoding: "utf8" })
      .trim()
      .split(/\s+/);
    return { parent: Number(parent), words };
  } catch {
    return { parent: undefined, words: [] };
  }
}

/** @param {number} pid */
function parentOf(pid) {
  // `PID (NAME) STATE PPID …`; the name may have spaces and brackets.
  const status = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(status.slice(status.lastIndexOf(")") + 2).split(" ")[1]);
}

/**
 * @param {number} pid
 * @param {number} child
 */
function isStillAbove(pid, child) {
  try {
    return hasProc ? parentOf(child) === pid : process.kill(pid, 0);
  } catch {
    return false;
  }
}
