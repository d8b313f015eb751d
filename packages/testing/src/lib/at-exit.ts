const cleanups = new Set<() => void>();

process.on("exit", () => {
  for (const cleanup of [...cleanups].toReversed()) cleanup();
});

/** Runs the cleanup when the process exits, last registered first. @returns a function that cancels it */
export function atExit(cleanup: () => void): () => void {
  cleanups.add(cleanup);
  return () => void cleanups.delete(cleanup);
}
