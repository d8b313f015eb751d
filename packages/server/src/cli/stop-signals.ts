const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/**
 * How long a shutdown may take besides draining the streams, in milliseconds. Requests have three seconds of it to
 * finish, and so have after hooks. Then the process exits, whatever still runs.
 */
const SHUTDOWN_MS = 7_500;
/** Ctrl-C reaches npm, the launcher and the server, and the first two forward it: signals within this time count once. */
const DUPLICATE_MS = 500;

/**
 * Resolves on the first stop signal. The process exits on a second one, or when the shutdown takes too long.
 *
 * @param drainMs extra time for draining the streams
 */
export function untilStopped(drainMs: number): Promise<string> {
  return new Promise((resolve) => {
    let stoppedAt: number | undefined;
    const stop = (signal: NodeJS.Signals): void => {
      const now = performance.now();
      if (stoppedAt !== undefined && now - stoppedAt > DUPLICATE_MS) process.exit(1);
      stoppedAt ??= now;
      setTimeout(() => process.exit(0), SHUTDOWN_MS + drainMs).unref();
      resolve(signal);
    };
    for (const signal of SIGNALS) process.on(signal, stop);
  });
}
