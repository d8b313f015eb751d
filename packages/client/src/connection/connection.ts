import type { Clock } from "../clock.ts";
import { HeadwaterError } from "../errors.ts";
import type { Link, LinkEvent, Transport } from "../transport/transport.ts";
import type { Environment } from "./environment.ts";
import { QuietWatch } from "./quiet-watch.ts";
import type { ConnectionEffect, ConnectionInput, ConnectionState } from "./state.ts";
import { type ConnectionLimits, transition } from "./transitions.ts";

export interface ConnectionOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly limits: ConnectionLimits;
  readonly environment: Environment;
  /** Silence after which the server that this is should be taken for dead, in milliseconds. */
  readonly quietMs: () => number;
  readonly listener: ConnectionListener;
}

/** What goes on, in the order of the stream. */
export interface ConnectionListener {
  readonly onState: (state: ConnectionState, before: ConnectionState) => void;
  readonly onOpen: (link: Link, clientId: string) => void;
  readonly onEvent: (event: LinkEvent) => void;
  readonly onPlace: (id: string) => void;
  readonly onBytes: (count: number) => void;
  readonly onWarning: (error: HeadwaterError) => void;
}

/** Carries out what the transitions want: one link at a time, one alarm, one watch. */
export class Connection {
  readonly #options: ConnectionOptions;
  #state: ConnectionState = { kind: "closed" };
  #link: Link | undefined;
  #watch: QuietWatch | undefined;
  #retryMs: number | undefined;
  #disarm: () => void = () => undefined;
  #leaveEnvironment: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The link, while it is open. */
  get link(): Link | undefined {
    return this.#state.kind === "open" ? this.#link : undefined;
  }

  send(input: ConnectionInput): void {
    const { clock, random, limits, quietMs, listener } = this.#options;
    const before = this.#state;
    const { state, effects } = transition(before, input, {
      now: clock.now(),
      random: random(),
      retryMs: this.#retryMs,
      limits: { ...limits, quietMs: quietMs() },
    });
    this.#state = state;
    for (const effect of effects) this.#run(effect);
    this.#follow(state);
    if (state !== before) listener.onState(state, before);
  }

  #run(effect: ConnectionEffect): void {
    switch (effect.kind) {
      case "dial":
        return this.#dial();
      case "hang-up":
        return this.#hangUp();
      case "alarm":
        this.#disarm();
        this.#disarm = this.#options.clock.timer(effect.milliseconds, () => this.#due());
        return;
      case "disarm":
        return this.#disarm();
    }
  }

  #dial(): void {
    const { transport, listener } = this.#options;
    const link: Link = transport.open({
      opened: (clientId) => {
        this.send({ kind: "opened" });
        if (this.#link === link) listener.onOpen(link, clientId);
      },
      event: (event) => listener.onEvent(event),
      place: (id) => listener.onPlace(id),
      bytes: (count) => {
        this.#watch?.heard();
        listener.onBytes(count);
      },
      retry: (milliseconds) => (this.#retryMs = milliseconds),
      warning: (error) => listener.onWarning(error),
      ended: (end) => {
        this.#link = undefined;
        this.send(end);
      },
    });
    this.#link = link;
  }

  #hangUp(): void {
    this.#link?.close();
    this.#link = undefined;
  }

  /** The watches last as long as what they look after. */
  #follow({ kind }: ConnectionState): void {
    const { clock, quietMs, environment } = this.#options;
    if (kind !== "open") this.#watch?.stop();
    if (kind !== "open") this.#watch = undefined;
    else this.#watch ??= new QuietWatch(clock, quietMs, { onQuiet: () => this.#quiet(), onSleep: () => this.#woke() });

    const wanted = kind !== "closed" && kind !== "failed";
    if (!wanted) this.#leaveEnvironment?.();
    if (!wanted) this.#leaveEnvironment = undefined;
    else
      this.#leaveEnvironment ??= environment((signal) => {
        if (signal === "woke") this.#woke();
        else this.send({ kind: "offline" });
      });
  }

  #due(): void {
    if (this.#state.kind === "connecting") this.#link?.doubt?.();
    this.send({ kind: "due" });
  }

  #quiet(): void {
    const quietMs = this.#options.quietMs();
    this.#link?.doubt?.();
    this.send({ kind: "lost", error: new HeadwaterError("timeout", `nothing was heard for ${quietMs} ms`) });
  }

  #woke(): void {
    const quietMs = this.#watch?.quietMs ?? 0;
    if (quietMs > this.#options.quietMs()) this.#link?.doubt?.();
    this.send({ kind: "woke", quietMs });
  }
}
