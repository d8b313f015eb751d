/** Non-standard features of JavaScript engines. */
interface Engine {
  readonly Bun?: { gc(force: boolean): void };
  readonly gc?: () => void;
  readonly process?: { memoryUsage?(): { readonly heapUsed: number } };
  readonly performance: { readonly memory?: { readonly usedJSHeapSize: number } };
}

/** Bytes on the heap, after a garbage collection if the engine allows one; 0 if the engine does not report it. */
export function heapBytes(): number {
  const engine = globalThis as unknown as Engine;
  engine.Bun?.gc(true);
  engine.gc?.();
  return engine.process?.memoryUsage?.().heapUsed ?? engine.performance.memory?.usedJSHeapSize ?? 0;
}
