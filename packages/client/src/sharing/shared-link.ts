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
  type SharedMessage,
  unpackEnd,
  unpackError,
  unpackOutcome,
} from "./messages.ts";
import { SlotNames } from "./slot-names.ts";

/** Where a link's words go; `undefined` until it is known with whom the connection is shared. */
export interface SharedLinkOwner {
  post(message: ToLeader): void;
  /** It is over: from this side or the other. */
  left(link: SharedLink): void;
}

/** One tab's part of a connection that may be another tab's. */
export class SharedLink implements Link {
  readonly id = crypto.randomUUID();
  readonly #listener: LinkListener;
  readonly #isOurs: (token: string) => boolean;
  readonly #answers = new Map<number, (outcome: SubscribeOutcome) => void>();
  #owner: SharedLinkOwner | undefined;
  #leader: string | undefined;
  #stream: string | undefined;
  #names = new SlotNames(1);
  #rounds = 0;
  #over = false;

  /** @param isOurs whether a token is of the one whose connection this is */
  constructor(listener: LinkListener, isOurs: (token: string) => boolean) {
    this.#listener = listener;
    this.#isOurs = isOurs;
  }

  get isOver(): boolean {
    return this.#over;
  }

  get isAttached(): boolean {
    return this.#stream !== undefined;
  }

  /** Asks the tab that has the connection to be let in. */
  attach(owner: SharedLinkOwner): void {
    this.#owner = owner;
    owner.post({ kind: "attach", link: this.id });
  }

  subscribe({ names, token, since }: SubscribeRequest): Promise<SubscribeOutcome> {
    // Who has signed in meanwhile belongs to another connection: tabs of the former must not hear what they may see.
    if (!this.#isOurs(token)) return Promise.resolve({ kind: "gone", error: gone("somebody else has signed in") });
    return new Promise((resolve) => {
      this.#rounds += 1;
      this.#answers.set(this.#rounds, resolve);
      const request = { names: names.map((name) => this.#names.outward(name, since !== undefined)), token, since };
      this.#owner?.post({ kind: "subscribe", link: this.id, round: this.#rounds, request });
    });
  }

  close(): void {
    if (this.#over) return;
    this.#owner?.post({ kind: "detach", link: this.id });
    this.#leave();
  }

  doubt(): void {
    if (this.#stream !== undefined) this.#owner?.post({ kind: "doubt", stream: this.#stream });
  }

  /** It ended, and not by the tab's wish. */
  end(end: LinkEnd): void {
    if (this.#over) return;
    this.#leave();
    this.#listener.ended(end);
  }

  hear(message: FromLeader): void {
    switch (message.kind) {
      case "leader":
        return this.#onLeader(message.leader);
      case "attached":
        return this.#onAttached(message);
      case "told":
        if (message.stream === this.#stream) for (const told of message.what) this.#onTold(told);
        return;
      case "answer":
        if (message.link === this.id) this.#onAnswer(message);
        return;
      case "ended":
        if (message.stream === this.#stream) this.end(unpackEnd(message.end));
        return;
    }
  }

  #onLeader(leader: string): void {
    if (this.#leader === undefined) this.#owner?.post({ kind: "attach", link: this.id });
    else if (this.#leader !== leader) this.end({ kind: "lost", error: gone("the tab with the connection is gone") });
  }

  #onAttached({ link, leader, stream, slot, clientId }: Extract<FromLeader, { kind: "attached" }>): void {
    if (link !== this.id || this.#stream !== undefined) return;
    [this.#leader, this.#stream, this.#names] = [leader, stream, new SlotNames(slot)];
    if (clientId !== undefined) this.#listener.opened(clientId);
  }

  #onAnswer({ round, outcome }: Extract<FromLeader, { kind: "answer" }>): void {
    const answer = this.#answers.get(round);
    this.#answers.delete(round);
    answer?.(unpackOutcome(outcome, (name) => this.#names.inward(name)));
  }

  #onTold(told: SharedMessage): void {
    // What was told before may have ended it.
    if (this.#over) return;
    switch (told[0]) {
      case "opened":
        return this.#listener.opened(told[1]);
      case "event":
        return this.#onEvent(told[1]);
      case "place":
        return this.#listener.place(told[1]);
      case "bytes":
        return this.#listener.bytes(told[1]);
      case "retry":
        return this.#listener.retry(told[1]);
      case "warning":
        return this.#listener.warning(unpackError(told[1]));
    }
  }

  #onEvent(event: LinkEvent): void {
    const name = this.#names.inward(event.name);
    if (event.name === "resync") return this.#listener.event({ ...event, data: this.#ownResync(event.data) });
    if (name !== undefined) return this.#listener.event({ ...event, name });
    // Another tab's: of no interest but for the place, which may be that of a change with several events.
    if (event.id !== undefined) this.#listener.event({ name: "", data: "null", id: event.id });
  }

  /** A resync that is about some subscriptions calls them by the names that the server knows. */
  #ownResync(text: string): string {
    const { names } = readResync(parse(text), undefined);
    if (!names) return text;
    const own = names.map((name) => this.#names.inward(name)).filter((name) => name !== undefined);
    return JSON.stringify({ ...(parse(text) as object), subscriptions: own });
  }

  #leave(): void {
    this.#over = true;
    this.#owner?.left(this);
  }
}

const gone = (message: string): HeadwaterError => new HeadwaterError("network", message);

/** What is no JSON is reported by whoever reads the event. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
