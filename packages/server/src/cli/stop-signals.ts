const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/**
 * From the first signal on, in milliseconds, and what streams may take to end: then the process ends whatever still hangs.
 * Requests get three seconds of it to finish in, and so do the hooks that follow them.
 */
const PATIENCE_MS = 7_500;
/** A terminal sends Ctrl-C to npm, the launcher and the server alike, and the first two pass it on. */
const ECHO_MS = 500;

/**
 * Resolves on the first signal to stop. A second one ends the process at once, and so do 7.5 seconds.
 *
 * @param drainMs what the ends of streams may take on top of that
 */
export function untilStopped(drainMs: number): Promise<string> {
  return new Promise((resolve) => {
    let stoppedAt: number | undefined;
    const stop = (signal: NodeJS.Signals): void => {
      const now = performance.now();
      if (stoppedAt !== undefined && now - stoppedAt > ECHO_MS) process.exit(1);
      stoppedAt ??= now;
      setTimeout(() => process.exit(0), PATIENCE_MS + drainMs).unref();
      resolve(signal);
    };
    for (const signal of SIGNALS) process.on(signal, stop);
  });
}
