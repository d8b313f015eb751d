/** What tabs of one browser share a connection by: locks that end with the tab that holds them, and a loudspeaker. */
export interface TabPrimitives {
  /**
   * Waits for a lock that one holds at a time. @returns a function that lets go of it
   * @throws when it was waited for in vain, by the signal
   */
  lock(name: string, options?: LockOptions): Promise<() => void>;
  /** Everything that is posted under this name is heard by all others, in the order of each who posts. */
  openChannel(name: string, onMessage: (message: unknown) => void): TabChannel;
}

export interface LockOptions {
  /** Gives up waiting. */
  readonly signal?: AbortSignal;
  /** Takes it from whoever has it. */
  readonly steal?: boolean;
  /** Called when it was taken away. */
  readonly onStolen?: () => void;
}

export interface TabChannel {
  post(message: unknown): void;
  close(): void;
}

/** Of the Web Locks API, what is used: the project's types know no browser. */
interface Locks {
  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly steal?: boolean },
    run: () => Promise<void>,
  ): Promise<void>;
}

/** The browser's own. */
export function browserTabPrimitives(): TabPrimitives {
  const { locks } = (globalThis as unknown as { readonly navigator: { readonly locks: Locks } }).navigator;
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
    let held = false;
    const hold = (): Promise<void> =>
      new Promise((release) => {
        held = true;
        resolve(release);
      });
    // The two do not go together: who takes it does not wait.
    const asked = locks.request(name, steal ? { steal } : { ...(signal && { signal }) }, hold);
    asked.catch((error: unknown) => (held ? onStolen?.() : reject(error)));
  });
