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

/** Posts a link's messages to the leader, and is notified when the link closes. */
export interface TabLinkOwner {
  post(message: ToLeader): void;
  /** The link has closed, from either side. */
  closed(link: TabLink): void;
}

/** One tab's link over a connection that may belong to another tab. */
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

  /** @param isSameUser whether a token belongs to the user of the connection */
  constructor(listener: LinkListener, isSameUser: (token: string) => boolean) {
    this.#listener = listener;
    this.#isSameUser = isSameUser;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isAttached(): boolean {
    return this.#stream !== undefined;
  }

  /** Asks the leader to attach this link to its stream. */
  attach(owner: TabLinkOwner): void {
    this.#owner = owner;
    owner.post({ kind: "attach", link: this.id });
  }

  subscribe({ names, token, since }: SubscribeRequest): Promise<SubscribeOutcome> {
    // A new user needs another connection: tabs of the previous user must not get the new user's events.
    if (!this.#isSameUser(token))
      return Promise.resolve({ kind: "gone", error: connectionLost("another user has signed in") });
    return new Promise((resolve) => {
      this.#lastRound += 1;
      this.#pending.set(this.#lastRound, resolve);
      const toServer = (name: string): string => this.#names.toServer(name, since.has(name));
      const cursors = new Map([...since].map(([name, cursor]) => [toServer(name), cursor]));
      const request = { names: names.map(toServer), token, since: cursors };
      this.#owner?.post({ kind: "subscribe", link: this.id, round: this.#lastRound, request });
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#owner?.post({ kind: "detach", link: this.id });
    this.#markClosed();
  }

  reportStalled(): void {
    if (this.#stream !== undefined) this.#owner?.post({ kind: "stalled", stream: this.#stream });
  }

  /** Ends the link from the leader's side. */
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
      case "calls":
        if (message.stream === this.#stream) for (const call of message.calls) this.#onCall(call);
        return;
      case "outcome":
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
      this.end({ kind: "lost", error: connectionLost("the tab with the connection has closed") });
  }

  #onAttached({ link, leader, stream, tabNumber, clientId }: Extract<FromLeader, { kind: "attached" }>): void {
    if (link !== this.id || this.#stream !== undefined) return;
    [this.#leader, this.#stream, this.#names] = [leader, stream, new TabSubscriptionNames(tabNumber)];
    if (clientId !== undefined) this.#listener.opened(clientId);
  }

  #onOutcome({ round, outcome }: Extract<FromLeader, { kind: "outcome" }>): void {
    const resolve = this.#pending.get(round);
    this.#pending.delete(round);
    resolve?.(unpackOutcome(outcome, (name) => this.#names.fromServer(name)));
  }

  #onCall(call: ListenerCall): void {
    // An earlier call may have closed the link.
    if (this.#isClosed) return;
    switch (call[0]) {
      case "opened":
        return this.#listener.opened(call[1]);
      case "event":
        return this.#onEvent(call[1]);
      case "cursor":
        return this.#listener.cursor(call[1]);
      case "bytes":
        return this.#listener.bytes(call[1]);
      case "retry":
        return this.#listener.retry(call[1]);
      case "warning":
        return this.#listener.warning(unpackError(call[1]));
    }
  }

  #onEvent(event: LinkEvent): void {
    const name = this.#names.fromServer(event.name);
    if (event.name === "resync") return this.#listener.event({ ...event, data: this.#localizeResync(event.data) });
    if (name !== undefined) return this.#listener.event({ ...event, name });
    // The event is for another tab, but its cursor may complete a change that also has events for this tab.
    if (event.id !== undefined) this.#listener.event({ name: "", data: "null", id: event.id });
  }

  /** Replaces the server's subscription names in a resync by the tab's own names. */
  #localizeResync(text: string): string {
    const { names } = readResync(parse(text), undefined);
    if (!names) return text;
    const local = names.map((name) => this.#names.fromServer(name)).filter((name) => name !== undefined);
    return JSON.stringify({ ...(parse(text) as object), subscriptions: local });
  }

  #markClosed(): void {
    this.#isClosed = true;
    this.#owner?.closed(this);
  }
}

const connectionLost = (message: string): HeadwaterError => new HeadwaterError("network", message);

/** @returns `undefined` if the text is not JSON; the reader of the event reports that */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
