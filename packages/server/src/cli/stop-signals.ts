const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/**
 * How long a shutdown may take besides draining the streams, in milliseconds. Requests have three seconds of it to
 * finish, and so have after hooks. Then the process exits, whatever still runs.
 */
const SHUTDOWN_MS = 7_500;
/** Ctrl-C reaches npm, the launcher and the server, and the first two forward it: signals within this time count once. */
const DUPLICATE_MS = 500;

/** How often a server that the launcher started checks whether the launcher is still there, in milliseconds. */
const LAUNCHER_CHECK_MS = 100;

/**
 * Resolves on the first stop signal, or when the launcher that started the server is gone. The process exits on a second
 * signal, or when the shutdown takes too long.
 *
 * @param drainMs extra time for draining the streams
 * @returns what stopped it
 */
export function untilStopped(drainMs: number): Promise<string> {
  return new Promise((resolve) => {
    let stoppedAt: number | undefined;
    const stop = (reason: string): void => {
      stoppedAt ??= performance.now();
      setTimeout(() => process.exit(0), SHUTDOWN_MS + drainMs).unref();
      resolve(reason);
    };
    for (const name of SIGNALS) {
      process.on(name, () => {
        if (stoppedAt !== undefined && performance.now() - stoppedAt > DUPLICATE_MS) process.exit(1);
        stop(name);
      });
    }
    whenLauncherIsGone(() => stop("launcher ended"));
  });
}

/** A launcher that was killed can't pass a signal on, and its server would keep the port and the folder. */
function whenLauncherIsGone(callback: () => void): void {
  const launcher = process.env["HEADWATER_LAUNCHER"];
  if (launcher === undefined) return;
  // It is not the launcher of what this process starts.
  delete process.env["HEADWATER_LAUNCHER"];
  const timer = setInterval(() => {
    if (String(process.ppid) === launcher) return;
    clearInterval(timer);
    callback();
  }, LAUNCHER_CHECK_MS).unref();
}
