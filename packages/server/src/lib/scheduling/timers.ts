/** The longest delay that `setTimeout` and `setInterval` take, in milliseconds: a longer one fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Calls back after a delay of any length, `Infinity` included.
 *
 * @returns a function that cancels the call
 */
export function callAfter(milliseconds: number, callback: () => void): () => void {
  let timer: Timer;
  const wait = (left: number): void => {
    const step = Math.min(left, MAX_TIMER_MS);
    timer = setTimeout(() => (left > step ? wait(left - step) : callback()), step);
  };
  wait(milliseconds);
  return () => clearTimeout(timer);
}
