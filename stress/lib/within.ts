const PATIENCE_MS = 20_000;

/** The promise, or an error that says what did not happen in time. */
export async function within<T>(promise: Promise<T>, what: string, patience = PATIENCE_MS): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`after ${patience / 1000} s, still waiting: ${what}`)),
    patience,
  );
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}

/** For what has no event: asks again and again. */
export async function until(holds: () => boolean, what: string, patience = PATIENCE_MS): Promise<void> {
  const deadline = performance.now() + patience;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`after ${patience / 1000} s, still waiting: ${what}`);
    await Bun.sleep(5);
  }
}
