const cleanups = new Set<() => void>();

process.on("exit", () => {
  for (const cleanup of [...cleanups].toReversed()) cleanup();
});

/** Runs at the process's end, last added first, unless the function it gives is called before. */
export function atExit(cleanup: () => void): () => void {
  cleanups.add(cleanup);
  return () => void cleanups.delete(cleanup);
}
