/** Code that only awaits what is ready keeps the event loop from its next turn. After so many milliseconds it lets it go on. */
const MAX_TURN_MS = 10;

let turnStarted: number | undefined;

/** Resolves at once, or in the next turn of the event loop if this one takes long. Must be called throughout the turn. */
export function breathe(): Promise<void> | undefined {
  const now = performance.now();
  if (turnStarted === undefined) {
    turnStarted = now;
    setImmediate(() => {
      turnStarted = undefined;
    });
  }
  return now - turnStarted > MAX_TURN_MS ? new Promise((resolve) => setImmediate(resolve)) : undefined;
}
