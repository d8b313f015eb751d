import type { Clock } from "../../src/clock.ts";
import type { LockOptions, Port, SharingPlatform } from "../../src/sharing/platform.ts";
import type { FakeClock } from "./fake-clock.ts";

interface Claim {
  readonly tab: FakeTab;
  readonly options: LockOptions;
  readonly grant: (release: () => void) => void;
  readonly refuse: (reason: unknown) => void;
}

interface Heard {
  readonly tab: FakeTab;
  readonly onMessage: (message: unknown) => void;
}

/** Locks and loudspeakers as browsers have them, with tabs that close without a word, and freeze. */
export class FakeBrowser {
  readonly #clock: FakeClock;
  readonly #random: () => number;
  readonly #locks = new Map<string, { holder: Claim | undefined; waiting: Claim[] }>();
  readonly #ports = new Map<string, Set<Heard>>();

  constructor(clock: FakeClock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  tab(): FakeTab {
    return new FakeTab(this, this.#clock);
  }

  lock(tab: FakeTab, name: string, options: LockOptions = {}): Promise<() => void> {
    return new Promise((grant, refuse) => {
      const claim: Claim = { tab, options, grant, refuse };
      const lock = this.#locks.get(name) ?? { holder: undefined, waiting: [] };
      this.#locks.set(name, lock);
      options.signal?.addEventListener("abort", () => {
        // What is granted already stays so.
        if (!lock.waiting.includes(claim)) return;
        lock.waiting = lock.waiting.filter((other) => other !== claim);
        refuse(options.signal!.reason);
      });
      if (!options.steal) lock.waiting.push(claim);
      else {
        const robbed = lock.holder;
        lock.holder = claim;
        if (robbed) robbed.tab.soon(() => robbed.options.onStolen?.());
        tab.soon(() => grant(() => this.#release(name, claim)));
      }
      this.#next(name);
    });
  }

  port(tab: FakeTab, name: string, onMessage: (message: unknown) => void): Port {
    const ports = this.#ports.get(name) ?? new Set();
    this.#ports.set(name, ports);
    const own: Heard = { tab, onMessage };
    ports.add(own);
    let arrival = 0;
    return {
      post: (message) => {
        if (tab.isClosed) return;
        const copy: unknown = structuredClone(message);
        // In the order of the posts.
        arrival = Math.max(arrival, this.#clock.now() + this.#random() * 5);
        for (const other of ports) {
          if (other === own) continue;
          const deliver = (): void => other.tab.run(() => ports.has(other) && other.onMessage(copy));
          this.#clock.timer(arrival - this.#clock.now(), deliver);
        }
      },
      close: () => void ports.delete(own),
    };
  }

  /** All that the tab held is free. */
  forget(tab: FakeTab): void {
    for (const ports of this.#ports.values()) for (const port of ports) if (port.tab === tab) ports.delete(port);
    for (const [name, lock] of this.#locks) {
      lock.waiting = lock.waiting.filter((claim) => claim.tab !== tab);
      if (lock.holder?.tab === tab) this.#release(name, lock.holder);
    }
  }

  #release(name: string, claim: Claim): void {
    const lock = this.#locks.get(name)!;
    if (lock.holder !== claim) return;
    lock.holder = undefined;
    this.#next(name);
  }

  #next(name: string): void {
    const lock = this.#locks.get(name)!;
    if (lock.holder || lock.waiting.length === 0) return;
    const claim = lock.waiting.shift()!;
    lock.holder = claim;
    claim.tab.soon(() => claim.grant(() => this.#release(name, claim)));
  }
}

/** One tab: its locks, its ports and its time. */
export class FakeTab implements SharingPlatform {
  readonly #browser: FakeBrowser;
  readonly #clock: FakeClock;
  /** What happens while it is frozen waits. */
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

  port(name: string, onMessage: (message: unknown) => void): Port {
    return this.#browser.port(this, name, onMessage);
  }

  close(): void {
    this.#closed = true;
    this.#browser.forget(this);
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
