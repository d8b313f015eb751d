const EVERY_MS = 20;

/** Measures how late this process's own timers fire: a machine under load delays the kit, which is no fault of the server. */
export function watchLag(): { readonly longestMs: () => number; readonly stop: () => void } {
  let [last, longest] = [performance.now(), 0];
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - EVERY_MS);
    last = now;
  }, EVERY_MS);
  return { longestMs: () => Math.max(longest, performance.now() - last - EVERY_MS), stop: () => clearInterval(timer) };
}
