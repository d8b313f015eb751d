import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** Names under which Chromium is installed. */
const NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The program of a Chromium on the PATH; undefined where there is none. */
export function findBrowser(path: string = process.env["PATH"] ?? ""): string | undefined {
  const places = NAMES.flatMap((name) => path.split(delimiter).map((folder) => join(folder, name)));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Opens a page in a headless Chromium with a profile of its own. @returns a function that ends it */
export function launchBrowser(program: string, url: string): () => Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), "conformance-browser-"));
  const flags = [
    "--headless",
    // Chromium's sandbox is not to be had for root, nor in most containers; the only page that it opens is the kit's.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    // Without it the headless shell ends as soon as its page is loaded.
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
  ];
  // In a group of its own: a browser is many processes, and each of them writes into the profile.
  const child = spawn(program, [...flags, url], { stdio: "ignore", detached: true });
  const exited = new Promise<void>((resolve) => {
    child.on("exit", () => resolve());
    child.on("error", () => resolve());
  });
  return async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await exited;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
}
