import type { Clock } from "../clock.ts";
import type { Transport } from "../transport/transport.ts";
import type { FromLeader, ToLeader } from "./messages.ts";
import type { Port, SharingPlatform } from "./platform.ts";
import type { SharedLink } from "./shared-link.ts";
import { LeaderConnection } from "./leader-connection.ts";

export interface TabsOptions {
  /** Those who share: the same server, and the same person. */
  readonly group: string;
  readonly platform: SharingPlatform;
  readonly clock: Clock;
  readonly transport: Transport;
}

/** A tab that holds the connection and says nothing for so long is stopped or stuck. */
const ANSWER_MS = 5_000;

/**
 * This tab among those that share a connection. While it has a link it waits for its turn to hold the connection; the
 * turn comes with the end of the tab that holds it, or is taken from one that does not answer.
 */
export class TabElection {
  readonly #options: TabsOptions;
  readonly #links = new Set<SharedLink>();
  readonly #releases = new Map<SharedLink, () => void>();
  /** As one of the tabs. What this tab says as the one that holds the connection goes through another port. */
  #port: Port | undefined;
  #board: LeaderConnection | undefined;
  #queue: AbortController | undefined;
  #stopLeading: () => void = () => undefined;

  constructor(options: TabsOptions) {
    this.#options = options;
  }

  async join(link: SharedLink): Promise<void> {
    const { platform, group, clock } = this.#options;
    this.#links.add(link);
    // As long as the tab lives it holds this: so the end of the tab is noticed.
    const release = await platform.lock(this.#lifeOf(link.id));
    if (link.isOver) return release();
    this.#releases.set(link, release);
    this.#port ??= platform.port(group, (message) => this.#hear(message as FromLeader));
    link.attach({ post: (message) => this.#port?.post(message), left: () => this.#left(link) });
    this.#queueUp();
    const lookAfter = (): void => {
      if (!link.isOver && !link.isAttached) this.#queueUp({ steal: true });
    };
    clock.timer(ANSWER_MS, lookAfter, { background: true });
  }

  readonly #lifeOf = (link: string): string => `${this.#options.group} link ${link}`;

  #hear(message: FromLeader | ToLeader): void {
    // What tabs say is heard by all tabs, too.
    if ("kind" in message && message.kind in FROM_LEADER)
      for (const link of this.#links) link.hear(message as FromLeader);
  }

  #left(link: SharedLink): void {
    this.#links.delete(link);
    this.#releases.get(link)?.();
    this.#releases.delete(link);
    if (this.#links.size > 0) return;
    this.#queue?.abort();
    this.#queue = undefined;
    if (this.#board?.isIdle) this.#stopLeading();
    this.#hangUp();
  }

  /** Who has no link and holds no connection has nothing to hear. */
  #hangUp(): void {
    if (this.#links.size > 0 || this.#board) return;
    this.#port?.close();
    this.#port = undefined;
  }

  #queueUp({ steal = false } = {}): void {
    if (this.#board || (this.#queue && !steal)) return;
    this.#queue?.abort();
    const queue = new AbortController();
    this.#queue = queue;
    let stop = (): void => undefined;
    let isStolen = false;
    const onStolen = (): void => {
      isStolen = true;
      stop();
    };
    this.#options.platform
      .lock(`${this.#options.group} leader`, { ...(steal ? { steal } : { signal: queue.signal }), onStolen })
      .then(
        (release) => {
          if (this.#queue !== queue) return release();
          this.#queue = undefined;
          // It may have been taken away in the moment in which it was given.
          if (isStolen) this.#queueUp();
          else stop = this.#lead(release);
        },
        () => undefined, // Nobody waits any more.
      );
  }

  /** @returns a function that ends it */
  #lead(release: () => void): () => void {
    const { platform, group, transport } = this.#options;
    const port = platform.port(group, (message) => board.hear(message as ToLeader));
    const stop = (): void => {
      if (this.#board !== board) return;
      board.stop();
      port.close();
      release();
      this.#board = undefined;
      if (this.#links.size > 0) this.#queueUp();
      else this.#hangUp();
    };
    const board = new LeaderConnection({
      leader: crypto.randomUUID(),
      transport,
      platform,
      lifeOf: this.#lifeOf,
      post: (message) => port.post(message),
      onIdle: () => {
        if (this.#links.size === 0) stop();
      },
    });
    this.#board = board;
    return (this.#stopLeading = stop);
  }
}

const FROM_LEADER: Readonly<Record<FromLeader["kind"], true>> = {
  leader: true,
  attached: true,
  told: true,
  answer: true,
  ended: true,
};
