const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** From the first signal on, in milliseconds: then the process ends whatever still hangs. */
const PATIENCE_MS = 5_000;

/** Resolves on the first signal to stop. A second one, or five seconds, ends the process at once. */
export function untilStopped(): Promise<string> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (signal: NodeJS.Signals): void => {
      if (stopping) process.exit(1);
      stopping = true;
      setTimeout(() => process.exit(0), PATIENCE_MS).unref();
      resolve(signal);
    };
    for (const signal of SIGNALS) process.on(signal, stop);
  });
}
