import type { Clock } from "../clock.ts";
import type { Transport } from "../transport/transport.ts";
import type { FromLeader, ToLeader } from "./tab-messages.ts";
import type { TabChannel, TabPrimitives } from "./tab-primitives.ts";
import type { TabLink } from "./tab-link.ts";
import { LeaderConnection } from "./leader-connection.ts";

export interface TabElectionOptions {
  /** Those who share: the same server, and the same person. */
  readonly group: string;
  readonly primitives: TabPrimitives;
  readonly clock: Clock;
  readonly transport: Transport;
}

/** A tab that holds the connection and says nothing for so long is stopped or stuck. */
const LEADER_TIMEOUT_MS = 5_000;

/**
 * This tab among those that share a connection. While it has a link it waits for its turn to hold the connection; the
 * turn comes with the end of the tab that holds it, or is taken from one that does not answer.
 */
export class TabElection {
  readonly #options: TabElectionOptions;
  readonly #links = new Set<TabLink>();
  readonly #lifetimeLocks = new Map<TabLink, () => void>();
  /** As one of the tabs. What this tab says as the one that holds the connection goes through another port. */
  #channel: TabChannel | undefined;
  #leaderConnection: LeaderConnection | undefined;
  #candidacy: AbortController | undefined;
  #stopLeading: () => void = () => undefined;

  constructor(options: TabElectionOptions) {
    this.#options = options;
  }

  async join(link: TabLink): Promise<void> {
    const { primitives, group, clock } = this.#options;
    this.#links.add(link);
    // As long as the tab lives it holds this: so the end of the tab is noticed.
    const release = await primitives.lock(this.#lifetimeLock(link.id));
    if (link.isClosed) return release();
    this.#lifetimeLocks.set(link, release);
    this.#channel ??= primitives.openChannel(group, (message) => this.#receive(message as FromLeader));
    link.attach({ post: (message) => this.#channel?.post(message), closed: () => this.#onLinkClosed(link) });
    this.#requestLeadership();
    const lookAfter = (): void => {
      if (!link.isClosed && !link.isAttached) this.#requestLeadership({ steal: true });
    };
    clock.timer(LEADER_TIMEOUT_MS, lookAfter, { background: true });
  }

  readonly #lifetimeLock = (link: string): string => `${this.#options.group} link ${link}`;

  #receive(message: FromLeader | ToLeader): void {
    // What tabs say is heard by all tabs, too.
    if ("kind" in message && message.kind in FROM_LEADER)
      for (const link of this.#links) link.receive(message as FromLeader);
  }

  #onLinkClosed(link: TabLink): void {
    this.#links.delete(link);
    this.#lifetimeLocks.get(link)?.();
    this.#lifetimeLocks.delete(link);
    if (this.#links.size > 0) return;
    this.#candidacy?.abort();
    this.#candidacy = undefined;
    if (this.#leaderConnection?.isIdle) this.#stopLeading();
    this.#closeChannelIfUnused();
  }

  /** Who has no link and holds no connection has nothing to hear. */
  #closeChannelIfUnused(): void {
    if (this.#links.size > 0 || this.#leaderConnection) return;
    this.#channel?.close();
    this.#channel = undefined;
  }

  #requestLeadership({ steal = false } = {}): void {
    if (this.#leaderConnection || (this.#candidacy && !steal)) return;
    this.#candidacy?.abort();
    const queue = new AbortController();
    this.#candidacy = queue;
    let stop = (): void => undefined;
    let isStolen = false;
    const onStolen = (): void => {
      isStolen = true;
      stop();
    };
    this.#options.primitives
      .lock(`${this.#options.group} leader`, { ...(steal ? { steal } : { signal: queue.signal }), onStolen })
      .then(
        (release) => {
          if (this.#candidacy !== queue) return release();
          this.#candidacy = undefined;
          // It may have been taken away in the moment in which it was given.
          if (isStolen) this.#requestLeadership();
          else stop = this.#lead(release);
        },
        () => undefined, // Nobody waits any more.
      );
  }

  /** @returns a function that ends it */
  #lead(release: () => void): () => void {
    const { primitives, group, transport } = this.#options;
    const port = primitives.openChannel(group, (message) => board.receive(message as ToLeader));
    const stop = (): void => {
      if (this.#leaderConnection !== board) return;
      board.stop();
      port.close();
      release();
      this.#leaderConnection = undefined;
      if (this.#links.size > 0) this.#requestLeadership();
      else this.#closeChannelIfUnused();
    };
    const board = new LeaderConnection({
      leader: crypto.randomUUID(),
      transport,
      primitives,
      lifetimeLock: this.#lifetimeLock,
      post: (message) => port.post(message),
      onIdle: () => {
        if (this.#links.size === 0) stop();
      },
    });
    this.#leaderConnection = board;
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
