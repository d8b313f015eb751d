import type { Clock } from "../clock.ts";
import { HeadwaterError } from "../errors.ts";
import type { Link, LinkEvent, Transport } from "../transport/transport.ts";
import type { PageLifecycle } from "./page-lifecycle.ts";
import { Watchdog } from "./watchdog.ts";
import type { ConnectionEffect, ConnectionInput, ConnectionState } from "./connection-state.ts";
import { type ConnectionLimits, transition } from "./transitions.ts";

export interface ConnectionOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly limits: ConnectionLimits;
  readonly lifecycle: PageLifecycle;
  /** Milliseconds without a byte after which the connection counts as dead. Depends on the server, so it may change. */
  readonly quietMs: () => number;
  readonly listener: ConnectionListener;
}

/** Called in the order of the stream. */
export interface ConnectionListener {
  readonly onStateChange: (state: ConnectionState, before: ConnectionState) => void;
  readonly onOpen: (link: Link, clientId: string) => void;
  readonly onEvent: (event: LinkEvent) => void;
  readonly onCursor: (id: string) => void;
  readonly onBytes: (count: number) => void;
  readonly onWarning: (error: HeadwaterError) => void;
}

/** Runs the state machine and carries out its effects. Has at most one link, one timer and one watchdog at a time. */
export class Connection {
  readonly #options: ConnectionOptions;
  #state: ConnectionState = { kind: "closed" };
  #link: Link | undefined;
  #watchdog: Watchdog | undefined;
  #retryMs: number | undefined;
  #clearTimer: () => void = () => undefined;
  #stopLifecycle: (() => void) | undefined;

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
    for (const effect of effects) this.#runEffect(effect);
    this.#updateWatchers(state);
    if (state !== before) listener.onStateChange(state, before);
  }

  #runEffect(effect: ConnectionEffect): void {
    switch (effect.kind) {
      case "connect":
        return this.#connect();
      case "disconnect":
        return this.#disconnect();
      case "set-timer":
        this.#clearTimer();
        this.#clearTimer = this.#options.clock.timer(effect.milliseconds, () => this.#onTimer());
        return;
      case "clear-timer":
        return this.#clearTimer();
    }
  }

  #connect(): void {
    const { transport, listener } = this.#options;
    const link: Link = transport.open({
      opened: (clientId) => {
        this.send({ kind: "opened" });
        if (this.#link === link) listener.onOpen(link, clientId);
      },
      event: (event) => listener.onEvent(event),
      cursor: (id) => listener.onCursor(id),
      bytes: (count) => {
        this.#watchdog?.onBytes();
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

  #disconnect(): void {
    this.#link?.close();
    this.#link = undefined;
  }

  /** Runs the watchdog while a link is open, and listens to the page while a connection is needed. */
  #updateWatchers({ kind }: ConnectionState): void {
    const { clock, quietMs, lifecycle } = this.#options;
    if (kind !== "open") this.#watchdog?.stop();
    if (kind !== "open") this.#watchdog = undefined;
    else
      this.#watchdog ??= new Watchdog(clock, quietMs, {
        onQuiet: () => this.#onQuiet(),
        onSleep: () => this.#onWake(),
      });

    const isNeeded = kind !== "closed" && kind !== "failed";
    if (!isNeeded) this.#stopLifecycle?.();
    if (!isNeeded) this.#stopLifecycle = undefined;
    else
      this.#stopLifecycle ??= lifecycle((signal) => {
        if (signal === "wake") this.#onWake();
        else this.send({ kind: "offline" });
      });
  }

  #onTimer(): void {
    if (this.#state.kind === "connecting") this.#link?.reportStalled?.();
    this.send({ kind: "timer" });
  }

  #onQuiet(): void {
    const quietMs = this.#options.quietMs();
    this.#link?.reportStalled?.();
    this.send({ kind: "lost", error: new HeadwaterError("timeout", `no data received for ${quietMs} ms`) });
  }

  #onWake(): void {
    const quietMs = this.#watchdog?.quietMs ?? 0;
    if (quietMs > this.#options.quietMs()) this.#link?.reportStalled?.();
    this.send({ kind: "wake", quietMs });
  }
}
