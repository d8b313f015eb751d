/** What tabs need to share a connection: locks that are released when their tab ends, and broadcast channels. */
export interface TabPrimitives {
  /**
   * Waits for an exclusive lock.
   *
   * @returns a function that releases it
   * @throws if the signal is aborted first
   */
  lock(name: string, options?: LockOptions): Promise<() => void>;
  /** Opens a channel. Its messages reach all other channels with the same name, in order for each sender. */
  openChannel(name: string, onMessage: (message: unknown) => void): TabChannel;
}

export interface LockOptions {
  /** Stops waiting. */
  readonly signal?: AbortSignal;
  /** Takes the lock from its holder. */
  readonly steal?: boolean;
  /** Called when another tab has taken the lock. */
  readonly onStolen?: () => void;
}

export interface TabChannel {
  post(message: unknown): void;
  close(): void;
}

/** The part of the Web Locks API that is used here. The project's types don't include browsers. */
interface Locks {
  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly steal?: boolean },
    run: () => Promise<void>,
  ): Promise<void>;
}

/**
 * Web Locks and BroadcastChannel of the browser.
 *
 * @throws if the page may not use them, as in a sandboxed frame
 */
export async function browserTabPrimitives(): Promise<TabPrimitives> {
  const { locks } = (globalThis as unknown as { readonly navigator: { readonly locks: Locks } }).navigator;
  (await lock(locks, `headwater ${crypto.randomUUID()}`))();
  return {
    lock: (name, options) => lock(locks, name, options),
    openChannel(name, onMessage) {
      const channel = new BroadcastChannel(name);
      channel.addEventListener("message", ({ data }) => onMessage(data));
      return { post: (message) => channel.postMessage(message), close: () => channel.close() };
    },
  };
}

const lock = (locks: Locks, name: string, { signal, steal, onStolen }: LockOptions = {}): Promise<() => void> =>
  new Promise((resolve, reject) => {
    let isHeld = false;
    const hold = (): Promise<void> =>
      new Promise((release) => {
        isHeld = true;
        resolve(release);
      });
    // Web Locks don't allow `steal` together with `signal`.
    const request = locks.request(name, steal ? { steal } : { ...(signal && { signal }) }, hold);
    request.catch((error: unknown) => (isHeld ? onStolen?.() : reject(error)));
  });
