import type { Clock } from "../../src/clock.ts";
import type { LockOptions, TabChannel, TabPrimitives } from "../../src/tab-sharing/tab-primitives.ts";
import type { FakeClock } from "./fake-clock.ts";

interface LockRequest {
  readonly tab: FakeTab;
  readonly options: LockOptions;
  readonly grant: (release: () => void) => void;
  readonly refuse: (reason: unknown) => void;
}

interface Subscriber {
  readonly tab: FakeTab;
  readonly onMessage: (message: unknown) => void;
}

/** Web Locks and broadcast channels of a simulated browser whose tabs may freeze, and close without notice. */
export class FakeBrowser {
  readonly #clock: FakeClock;
  readonly #random: () => number;
  readonly #locks = new Map<string, { holder: LockRequest | undefined; waiting: LockRequest[] }>();
  readonly #channels = new Map<string, Set<Subscriber>>();

  constructor(clock: FakeClock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  tab(): FakeTab {
    return new FakeTab(this, this.#clock);
  }

  lock(tab: FakeTab, name: string, options: LockOptions = {}): Promise<() => void> {
    return new Promise((grant, refuse) => {
      const request: LockRequest = { tab, options, grant, refuse };
      const lock = this.#locks.get(name) ?? { holder: undefined, waiting: [] };
      this.#locks.set(name, lock);
      options.signal?.addEventListener("abort", () => {
        // A lock that was granted already stays granted.
        if (!lock.waiting.includes(request)) return;
        lock.waiting = lock.waiting.filter((other) => other !== request);
        refuse(options.signal!.reason);
      });
      if (!options.steal) lock.waiting.push(request);
      else {
        const previous = lock.holder;
        lock.holder = request;
        if (previous) previous.tab.soon(() => previous.options.onStolen?.());
        tab.soon(() => grant(() => this.#release(name, request)));
      }
      this.#next(name);
    });
  }

  openChannel(tab: FakeTab, name: string, onMessage: (message: unknown) => void): TabChannel {
    const subscribers = this.#channels.get(name) ?? new Set();
    this.#channels.set(name, subscribers);
    const own: Subscriber = { tab, onMessage };
    subscribers.add(own);
    let arrival = 0;
    return {
      post: (message) => {
        if (tab.isClosed) return;
        const copy: unknown = structuredClone(message);
        // Messages arrive in the order they were posted.
        arrival = Math.max(arrival, this.#clock.now() + this.#random() * 5);
        for (const other of subscribers) {
          if (other === own) continue;
          const deliver = (): void => other.tab.run(() => subscribers.has(other) && other.onMessage(copy));
          this.#clock.timer(arrival - this.#clock.now(), deliver);
        }
      },
      close: () => void subscribers.delete(own),
    };
  }

  /** Releases all locks of the tab and closes its channels. */
  closeTab(tab: FakeTab): void {
    for (const subscribers of this.#channels.values())
      for (const subscriber of subscribers) if (subscriber.tab === tab) subscribers.delete(subscriber);
    for (const [name, lock] of this.#locks) {
      lock.waiting = lock.waiting.filter((request) => request.tab !== tab);
      if (lock.holder?.tab === tab) this.#release(name, lock.holder);
    }
  }

  #release(name: string, request: LockRequest): void {
    const lock = this.#locks.get(name)!;
    if (lock.holder !== request) return;
    lock.holder = undefined;
    this.#next(name);
  }

  #next(name: string): void {
    const lock = this.#locks.get(name)!;
    if (lock.holder || lock.waiting.length === 0) return;
    const request = lock.waiting.shift()!;
    lock.holder = request;
    request.tab.soon(() => request.grant(() => this.#release(name, request)));
  }
}

/** One tab: its locks, its channels and its clock. */
export class FakeTab implements TabPrimitives {
  readonly #browser: FakeBrowser;
  readonly #clock: FakeClock;
  /** Tasks that wait because the tab is frozen. */
  #backlog: (() => void)[] | undefined;
  #closed = false;

  constructor(browser: FakeBrowser, clock: FakeClock) {
    this.#browser = browser;
    this.#clock = clock;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get clock(): Clock {
    return {
      now: () => this.#clock.now(),
      timer: (milliseconds, run) => this.#clock.timer(milliseconds, () => this.run(run)),
    };
  }

  lock(name: string, options?: LockOptions): Promise<() => void> {
    return this.#browser.lock(this, name, options);
  }

  openChannel(name: string, onMessage: (message: unknown) => void): TabChannel {
    return this.#browser.openChannel(this, name, onMessage);
  }

  close(): void {
    this.#closed = true;
    this.#browser.closeTab(this);
  }

  freeze(): void {
    this.#backlog ??= [];
  }

  thaw(): void {
    const backlog = this.#backlog ?? [];
    this.#backlog = undefined;
    for (const run of backlog) this.run(run);
  }

  run(what: () => void): void {
    if (this.#closed) return;
    if (this.#backlog) this.#backlog.push(what);
    else what();
  }

  soon(what: () => void): void {
    this.#clock.timer(0, () => this.run(what));
  }
}
