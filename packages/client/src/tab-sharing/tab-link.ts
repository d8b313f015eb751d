import { HeadwaterError } from "../errors.ts";
import { readResync } from "../realtime/events.ts";
import type {
  Link,
  LinkEnd,
  LinkEvent,
  LinkListener,
  SubscribeOutcome,
  SubscribeRequest,
} from "../transport/transport.ts";
import {
  type FromLeader,
  type ToLeader,
  type ListenerCall,
  unpackEnd,
  unpackError,
  unpackOutcome,
} from "./tab-messages.ts";
import { TabSubscriptionNames } from "./tab-subscription-names.ts";

/** Where a link's words go; `undefined` until it is known with whom the connection is shared. */
export interface TabLinkOwner {
  post(message: ToLeader): void;
  /** It is over: from this side or the other. */
  closed(link: TabLink): void;
}

/** One tab's part of a connection that may be another tab's. */
export class TabLink implements Link {
  readonly id = crypto.randomUUID();
  readonly #listener: LinkListener;
  readonly #isSameUser: (token: string) => boolean;
  readonly #pending = new Map<number, (outcome: SubscribeOutcome) => void>();
  #owner: TabLinkOwner | undefined;
  #leader: string | undefined;
  #stream: string | undefined;
  #names = new TabSubscriptionNames(1);
  #lastRound = 0;
  #isClosed = false;

  /** @param isOurs whether a token is of the one whose connection this is */
  constructor(listener: LinkListener, isOurs: (token: string) => boolean) {
    this.#listener = listener;
    this.#isSameUser = isOurs;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isAttached(): boolean {
    return this.#stream !== undefined;
  }

  /** Asks the tab that has the connection to be let in. */
  attach(owner: TabLinkOwner): void {
    this.#owner = owner;
    owner.post({ kind: "attach", link: this.id });
  }

  subscribe({ names, token, since }: SubscribeRequest): Promise<SubscribeOutcome> {
    // Who has signed in meanwhile belongs to another connection: tabs of the former must not hear what they may see.
    if (!this.#isSameUser(token))
      return Promise.resolve({ kind: "gone", error: connectionLost("somebody else has signed in") });
    return new Promise((resolve) => {
      this.#lastRound += 1;
      this.#pending.set(this.#lastRound, resolve);
      const request = { names: names.map((name) => this.#names.toServer(name, since !== undefined)), token, since };
      this.#owner?.post({ kind: "subscribe", link: this.id, round: this.#lastRound, request });
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#owner?.post({ kind: "detach", link: this.id });
    this.#markClosed();
  }

  reportStalled(): void {
    if (this.#stream !== undefined) this.#owner?.post({ kind: "doubt", stream: this.#stream });
  }

  /** It ended, and not by the tab's wish. */
  end(end: LinkEnd): void {
    if (this.#isClosed) return;
    this.#markClosed();
    this.#listener.ended(end);
  }

  receive(message: FromLeader): void {
    switch (message.kind) {
      case "leader":
        return this.#onLeader(message.leader);
      case "attached":
        return this.#onAttached(message);
      case "told":
        if (message.stream === this.#stream) for (const told of message.what) this.#onCall(told);
        return;
      case "answer":
        if (message.link === this.id) this.#onOutcome(message);
        return;
      case "ended":
        if (message.stream === this.#stream) this.end(unpackEnd(message.end));
        return;
    }
  }

  #onLeader(leader: string): void {
    if (this.#leader === undefined) this.#owner?.post({ kind: "attach", link: this.id });
    else if (this.#leader !== leader)
      this.end({ kind: "lost", error: connectionLost("the tab with the connection is gone") });
  }

  #onAttached({ link, leader, stream, slot, clientId }: Extract<FromLeader, { kind: "attached" }>): void {
    if (link !== this.id || this.#stream !== undefined) return;
    [this.#leader, this.#stream, this.#names] = [leader, stream, new TabSubscriptionNames(slot)];
    if (clientId !== undefined) this.#listener.opened(clientId);
  }

  #onOutcome({ round, outcome }: Extract<FromLeader, { kind: "answer" }>): void {
    const answer = this.#pending.get(round);
    this.#pending.delete(round);
    answer?.(unpackOutcome(outcome, (name) => this.#names.fromServer(name)));
  }

  #onCall(told: ListenerCall): void {
    // What was told before may have ended it.
    if (this.#isClosed) return;
    switch (told[0]) {
      case "opened":
        return this.#listener.opened(told[1]);
      case "event":
        return this.#onEvent(told[1]);
      case "place":
        return this.#listener.cursor(told[1]);
      case "bytes":
        return this.#listener.bytes(told[1]);
      case "retry":
        return this.#listener.retry(told[1]);
      case "warning":
        return this.#listener.warning(unpackError(told[1]));
    }
  }

  #onEvent(event: LinkEvent): void {
    const name = this.#names.fromServer(event.name);
    if (event.name === "resync") return this.#listener.event({ ...event, data: this.#localizeResync(event.data) });
    if (name !== undefined) return this.#listener.event({ ...event, name });
    // Another tab's: of no interest but for the place, which may be that of a change with several events.
    if (event.id !== undefined) this.#listener.event({ name: "", data: "null", id: event.id });
  }

  /** A resync that is about some subscriptions calls them by the names that the server knows. */
  #localizeResync(text: string): string {
    const { names } = readResync(parse(text), undefined);
    if (!names) return text;
    const own = names.map((name) => this.#names.fromServer(name)).filter((name) => name !== undefined);
    return JSON.stringify({ ...(parse(text) as object), subscriptions: own });
  }

  #markClosed(): void {
    this.#isClosed = true;
    this.#owner?.closed(this);
  }
}

const connectionLost = (message: string): HeadwaterError => new HeadwaterError("network", message);

/** What is no JSON is reported by whoever reads the event. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
