/** Waited longer than was allowed; the message says for what. */
export class Timeout extends Error {
  override readonly name = "Timeout";
}

/**
 * Gives what `promise` gives, or fails after so many milliseconds: no wait of this kit is without an end.
 *
 * @param what ends the sentence "… did not come within N ms"
 */
export async function within<T>(promise: Promise<T>, milliseconds: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Timeout(`${what} did not come within ${milliseconds} ms`)), milliseconds);
  });
  promise.catch(() => undefined); // It may fail after nobody waits for it any more.
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Asks until it holds. @returns false when it did not within the time */
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
