import type { Clock } from "../../src/clock.ts";
import { HeadwaterError } from "../../src/errors.ts";
import type {
  Link,
  LinkListener,
  SubscribeOutcome,
  SubscribeRequest,
  Transport,
} from "../../src/transport/transport.ts";
import { frameBytes, type ModelFrame, type ModelServer, type ModelSession } from "./model-server.ts";

/** The probability of each fault, from 0 to 1, and the longest delay of a message in milliseconds. */
export interface Faults {
  readonly refuseConnect: number;
  readonly neverGreet: number;
  readonly loseRequest: number;
  readonly loseResponse: number;
  readonly busy: number;
  readonly forgetSession: number;
  readonly cutAtFrame: number;
  readonly stallAtFrame: number;
  readonly delayMs: number;
}

export const NO_FAULTS: Faults = {
  refuseConnect: 0,
  neverGreet: 0,
  loseRequest: 0,
  loseResponse: 0,
  busy: 0,
  forgetSession: 0,
  cutAtFrame: 0,
  stallAtFrame: 0,
  delayMs: 5,
};

const lost = (what: string): HeadwaterError => new HeadwaterError("network", what);

/** A transport that delivers frames in order and requests beside them, with random delays and faults. */
export class FaultyNetwork implements Transport {
  readonly name = "faulty";
  faults: Faults = NO_FAULTS;
  readonly #server: ModelServer;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #links = new Set<FaultyLink>();

  constructor(server: ModelServer, clock: Clock, random: () => number) {
    this.#server = server;
    this.#clock = clock;
    this.#random = random;
  }

  open(listener: LinkListener): Link {
    const link = new FaultyLink(this.#server, this.#clock, this, listener, () => this.#links.delete(link));
    this.#links.add(link);
    return link;
  }

  /** Cuts all open links. */
  cutAll(): void {
    // Cutting a link removes it from the set, and no other is added meanwhile.
    for (const link of this.#links) link.cut();
  }

  /** Closes all links without notifying their listeners: the tab is gone. */
  closeAll(): void {
    for (const link of this.#links) link.close();
  }

  happens(probability: number): boolean {
    return this.#random() < probability;
  }

  delay(): number {
    return this.#random() * this.faults.delayMs;
  }
}

class FaultyLink implements Link {
  readonly #server: ModelServer;
  readonly #clock: Clock;
  readonly #network: FaultyNetwork;
  readonly #listener: LinkListener;
  readonly #onClosed: () => void;
  #session: ModelSession | undefined;
  #isClosed = false;
  #stalled = false;
  /** When the last message arrives. Messages arrive in the order they were sent. */
  #arrival = 0;

  constructor(server: ModelServer, clock: Clock, network: FaultyNetwork, listener: LinkListener, onClosed: () => void) {
    this.#server = server;
    this.#clock = clock;
    this.#network = network;
    this.#listener = listener;
    this.#onClosed = onClosed;
    clock.timer(network.delay(), () => this.#connect());
  }

  close(): void {
    this.#isClosed = true;
    this.#onClosed();
    this.#session?.end();
  }

  cut(): void {
    if (this.#isClosed) return;
    this.close();
    this.#listener.ended({ kind: "lost", error: lost("cut") });
  }

  subscribe({ names, since }: SubscribeRequest): Promise<SubscribeOutcome> {
    const network = this.#network;
    const { loseRequest, loseResponse, busy, forgetSession } = network.faults;
    return new Promise((resolve) => {
      const respond = (outcome: SubscribeOutcome): void =>
        void this.#clock.timer(network.delay(), () => resolve(outcome));
      this.#clock.timer(network.delay(), () => {
        if (network.happens(loseRequest)) return respond({ kind: "gone", error: lost("no response") });
        if (network.happens(busy)) return respond({ kind: "retry-later", error: new HeadwaterError("busy", "busy") });
        if (!this.#session || this.#session.ended || network.happens(forgetSession))
          return respond({ kind: "gone", error: new HeadwaterError("not-found", "no such client") });
        this.#session.subscribe(names, since);
        respond(network.happens(loseResponse) ? { kind: "gone", error: lost("no response") } : { kind: "accepted" });
      });
    });
  }

  #connect(): void {
    if (this.#isClosed) return;
    const { refuseConnect, neverGreet } = this.#network.faults;
    if (this.#network.happens(refuseConnect)) return this.cut();
    if (this.#network.happens(neverGreet)) return;
    this.#session = this.#server.open(
      (frame) => this.#send(frame),
      () => this.#later(() => this.cut()),
    );
    this.#later(() => this.#listener.opened("client"));
  }

  #send(frame: ModelFrame): void {
    this.#later(() => {
      const { cutAtFrame, stallAtFrame } = this.#network.faults;
      if (this.#network.happens(cutAtFrame)) return this.cut();
      this.#stalled ||= this.#network.happens(stallAtFrame);
      if (this.#stalled) return;
      this.#listener.bytes(frameBytes(frame));
      const { name, id, data } = frame;
      if (name !== undefined) this.#listener.event({ name, data, id });
      else if (id !== undefined) this.#listener.cursor(id);
    });
  }

  /** Runs after a random delay, in the order of the calls. */
  #later(run: () => void): void {
    this.#arrival = Math.max(this.#arrival, this.#clock.now() + this.#network.delay());
    this.#clock.timer(this.#arrival - this.#clock.now(), () => {
      if (!this.#isClosed) run();
    });
  }
}
