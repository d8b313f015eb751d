/** What the engines offer beyond the standard. */
interface Engine {
  readonly Bun?: { gc(force: boolean): void };
  readonly gc?: () => void;
  readonly process?: { memoryUsage?(): { readonly heapUsed: number } };
  readonly performance: { readonly memory?: { readonly usedJSHeapSize: number } };
}

/** Bytes on this engine's heap, after a collection where one can be asked for; 0 where it tells nobody. */
export function heapBytes(): number {
  const engine = globalThis as unknown as Engine;
  engine.Bun?.gc(true);
  engine.gc?.();
  return engine.process?.memoryUsage?.().heapUsed ?? engine.performance.memory?.usedJSHeapSize ?? 0;
}
