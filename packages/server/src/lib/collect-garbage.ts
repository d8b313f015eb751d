import { edenGC, fullGC, heapSize } from "bun:jsc";

/** Opened connections per collection, which takes about 3 ms for their garbage. */
const CONNECTIONS_PER_COLLECTION = 128;

let opened = 0;

/**
 * Collects young garbage regularly while connections open; call it for each new connection. Opening one allocates a few
 * kilobytes that die at once and little that lives on. By default the collector runs only after many megabytes, when
 * the survivors are scattered over pages that are never returned to the system. With thousands of connections, those
 * pages would be most of the memory per connection.
 */
export function onConnectionOpened(): void {
  opened += 1;
  if (opened % CONNECTIONS_PER_COLLECTION === 0) edenGC();
}

/** Bytes of uploads per collection. */
const UPLOADED_PER_COLLECTION = 16 << 20;
/** Collections of young garbage until all is collected: what each finds in use counts as old. */
const COLLECTIONS_PER_FULL = 16;
/** Bytes. A heap of this size is collected within a few milliseconds, a larger one beside the program. */
const SMALL_HEAP = 64 << 20;

let uploaded = 0;
let collections = 0;

/**
 * Does the same while uploads arrive. Each piece of a body is garbage as soon as it is on the disk, but the collector
 * does not see how large it is.
 */
export function onUploaded(bytes: number): void {
  uploaded += bytes;
  if (uploaded < UPLOADED_PER_COLLECTION) return;
  uploaded = 0;
  collections += 1;
  if (collections % COLLECTIONS_PER_FULL !== 0) edenGC();
  else if (heapSize() < SMALL_HEAP) fullGC();
  else Bun.gc(false);
}
