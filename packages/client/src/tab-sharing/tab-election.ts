import type { Clock } from "../clock.ts";
import type { Transport } from "../transport/transport.ts";
import type { FromLeader, ToLeader } from "./tab-messages.ts";
import type { TabChannel, TabPrimitives } from "./tab-primitives.ts";
import type { TabLink } from "./tab-link.ts";
import { LeaderConnection } from "./leader-connection.ts";

export interface TabElectionOptions {
  /** Identifies the tabs that share a connection: same server, same user. */
  readonly group: string;
  readonly primitives: TabPrimitives;
  readonly clock: Clock;
  readonly transport: Transport;
}

/** A leader that doesn't respond for this long is frozen or stuck. */
const LEADER_TIMEOUT_MS = 5_000;

/**
 * Elects the tab that has the connection. A tab with a link waits for the leader's lock, which it gets when the
 * leader's tab ends, or takes from a leader that doesn't respond.
 */
export class TabElection {
  readonly #options: TabElectionOptions;
  readonly #links = new Set<TabLink>();
  readonly #lifetimeLocks = new Map<TabLink, () => void>();
  /** The channel of this tab's links. As the leader, the tab uses a second channel. */
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
    // Held as long as the tab lives, so that the leader notices when it ends.
    const release = await primitives.lock(this.#lifetimeLock(link.id));
    if (link.isClosed) return release();
    this.#lifetimeLocks.set(link, release);
    this.#channel ??= primitives.openChannel(group, (message) => this.#receive(message as FromLeader));
    link.attach({ post: (message) => this.#channel?.post(message), closed: () => this.#onLinkClosed(link) });
    this.#requestLeadership();
    const checkAttached = (): void => {
      if (!link.isClosed && !link.isAttached) this.#requestLeadership({ steal: true });
    };
    clock.timer(LEADER_TIMEOUT_MS, checkAttached, { background: true });
  }

  readonly #lifetimeLock = (link: string): string => `${this.#options.group} link ${link}`;

  #receive(message: FromLeader | ToLeader): void {
    // The channel also carries the messages of other tabs to the leader.
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

  /** A tab without links that isn't the leader needs no channel. */
  #closeChannelIfUnused(): void {
    if (this.#links.size > 0 || this.#leaderConnection) return;
    this.#channel?.close();
    this.#channel = undefined;
  }

  #requestLeadership({ steal = false } = {}): void {
    if (this.#leaderConnection || (this.#candidacy && !steal)) return;
    this.#candidacy?.abort();
    const candidacy = new AbortController();
    this.#candidacy = candidacy;
    let stop = (): void => undefined;
    let isStolen = false;
    const onStolen = (): void => {
      isStolen = true;
      stop();
    };
    this.#options.primitives
      .lock(`${this.#options.group} leader`, { ...(steal ? { steal } : { signal: candidacy.signal }), onStolen })
      .then(
        (release) => {
          if (this.#candidacy !== candidacy) return release();
          this.#candidacy = undefined;
          // The lock may have been stolen as it was granted.
          if (isStolen) this.#requestLeadership();
          else stop = this.#lead(release);
        },
        () => undefined, // The tab stopped waiting.
      );
  }

  /** @returns a function that ends the leadership */
  #lead(release: () => void): () => void {
    const { primitives, group, transport } = this.#options;
    const channel = primitives.openChannel(group, (message) => leader.receive(message as ToLeader));
    const stop = (): void => {
      if (this.#leaderConnection !== leader) return;
      leader.stop();
      channel.close();
      release();
      this.#leaderConnection = undefined;
      if (this.#links.size > 0) this.#requestLeadership();
      else this.#closeChannelIfUnused();
    };
    const leader = new LeaderConnection({
      leader: crypto.randomUUID(),
      transport,
      primitives,
      lifetimeLock: this.#lifetimeLock,
      post: (message) => channel.post(message),
      onIdle: () => {
        if (this.#links.size === 0) stop();
      },
    });
    this.#leaderConnection = leader;
    return (this.#stopLeading = stop);
  }
}

const FROM_LEADER: Readonly<Record<FromLeader["kind"], true>> = {
  leader: true,
  attached: true,
  calls: true,
  outcome: true,
  ended: true,
};
