/** A wait took too long; the message says for what. */
export class Timeout extends Error {
  override readonly name = "Timeout";
}

/**
 * Resolves with the promise, or rejects with a {@link Timeout}. Every wait in this kit has a limit.
 *
 * @param what the subject of "… did not arrive within N ms"
 */
export async function within<T>(promise: Promise<T>, milliseconds: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Timeout(`${what} did not arrive within ${milliseconds} ms`)), milliseconds);
  });
  promise.catch(() => undefined); // It may reject after the timeout, when nothing waits for it.
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Polls until the condition holds. @returns false if it does not hold in time */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  milliseconds: number,
  everyMs = 25,
): Promise<boolean> {
  const end = performance.now() + milliseconds;
  for (;;) {
    if (await holds()) return true;
    if (performance.now() >= end) return false;
    await pause(everyMs);
  }
}
