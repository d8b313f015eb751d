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

/** What can go wrong, each with its probability; and how long a message is under way at most, in milliseconds. */
export interface Faults {
  readonly refuseConnect: number;
  readonly neverGreet: number;
  readonly loseRequest: number;
  readonly loseAnswer: number;
  readonly busy: number;
  readonly forget: number;
  readonly cutAtFrame: number;
  readonly stallAtFrame: number;
  readonly delayMs: number;
}

export const NO_FAULTS: Faults = {
  refuseConnect: 0,
  neverGreet: 0,
  loseRequest: 0,
  loseAnswer: 0,
  busy: 0,
  forget: 0,
  cutAtFrame: 0,
  stallAtFrame: 0,
  delayMs: 5,
};

const lost = (what: string): HeadwaterError => new HeadwaterError("network", what);

/** Carries frames in order and requests beside them, each as late as chance has it, until something goes wrong. */
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

  /** Cuts what is open now. */
  cutAll(): void {
    // A link that is cut leaves the set; no other joins it.
    for (const link of this.#links) link.cut();
  }

  /** Those who have it are gone, and hear of nothing. */
  abandon(): void {
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
  readonly #onOver: () => void;
  #session: ModelSession | undefined;
  #over = false;
  #stalled = false;
  /** Nothing arrives before what was sent before it. */
  #arrival = 0;

  constructor(server: ModelServer, clock: Clock, network: FaultyNetwork, listener: LinkListener, onOver: () => void) {
    this.#server = server;
    this.#clock = clock;
    this.#network = network;
    this.#listener = listener;
    this.#onOver = onOver;
    clock.timer(network.delay(), () => this.#connect());
  }

  close(): void {
    this.#over = true;
    this.#onOver();
    this.#session?.end();
  }

  cut(): void {
    if (this.#over) return;
    this.close();
    this.#listener.ended({ kind: "lost", error: lost("cut") });
  }

  subscribe({ names, since }: SubscribeRequest): Promise<SubscribeOutcome> {
    const network = this.#network;
    const { loseRequest, loseAnswer, busy, forget } = network.faults;
    return new Promise((resolve) => {
      const answer = (outcome: SubscribeOutcome): void =>
        void this.#clock.timer(network.delay(), () => resolve(outcome));
      this.#clock.timer(network.delay(), () => {
        if (network.happens(loseRequest)) return answer({ kind: "gone", error: lost("no answer") });
        if (network.happens(busy)) return answer({ kind: "later", error: new HeadwaterError("busy", "busy") });
        if (!this.#session || this.#session.ended || network.happens(forget))
          return answer({ kind: "gone", error: new HeadwaterError("not-found", "no such client") });
        this.#session.subscribe(names, since);
        answer(network.happens(loseAnswer) ? { kind: "gone", error: lost("no answer") } : { kind: "accepted" });
      });
    });
  }

  #connect(): void {
    if (this.#over) return;
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
      else if (id !== undefined) this.#listener.place(id);
    });
  }

  /** In the order of the calls. */
  #later(run: () => void): void {
    this.#arrival = Math.max(this.#arrival, this.#clock.now() + this.#network.delay());
    this.#clock.timer(this.#arrival - this.#clock.now(), () => {
      if (!this.#over) run();
    });
  }
}
