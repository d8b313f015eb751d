import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** Names of Chromium's executable. */
const NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The first Chromium on the PATH, or undefined. */
export function findBrowser(path: string = process.env["PATH"] ?? ""): string | undefined {
  const candidates = NAMES.flatMap((name) => path.split(delimiter).map((folder) => join(folder, name)));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Opens a page in a headless Chromium with a temporary profile. @returns a function that closes the browser */
export function launchBrowser(program: string, url: string): () => Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), "conformance-browser-"));
  const flags = [
    "--headless",
    // Chromium's sandbox is not available to root, nor in most containers. The browser opens only the kit's own page.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    // Keeps the headless shell open after the page has loaded.
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
  ];
  // Its own process group: a browser is many processes, and each writes to the profile.
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
