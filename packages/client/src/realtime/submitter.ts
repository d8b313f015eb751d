import type { Identity } from "../auth/identity.ts";
import type { Clock } from "../clock.ts";
import { backoff, type BackoffLimits } from "../connection/backoff.ts";
import { deferred } from "../deferred.ts";
import type { HeadwaterError } from "../errors.ts";
import type { Link, SubscribeOutcome } from "../transport/transport.ts";
import type { SubscriptionTable } from "./subscription-table.ts";
import type { SubscribePlan } from "./subscribe-plan.ts";

export interface SubmitterOptions {
  readonly link: Link;
  readonly book: SubscriptionTable;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: () => number;
  readonly limits: BackoffLimits;
  /** How long a request took, in milliseconds. */
  readonly onLatency: (milliseconds: number) => void;
  /** The link is of no more use. */
  readonly onLost: (error: HeadwaterError) => void;
  /** Another link would be refused too. */
  readonly onRefused: (error: HeadwaterError) => void;
  /** The link belongs to who was signed in before. */
  readonly onOtherIdentity: () => void;
}

/**
 * How long an id may have been under way when a request is answered: ten seconds, one by one, so that a machine that
 * sleeps meanwhile counts one of them at most. Only ids of heartbeats need it; an event proves that its subscription stands.
 */
const SETTLE_TICKS = 10;
const TICK_MS = 1_000;

/** Keeps the server's idea of one link equal to the book: one request at a time, the last word wins. */
export class Submitter {
  readonly #options: SubmitterOptions;
  #state: "idle" | "running" | "stopped" = "idle";
  /** The book has changed since the last look at it. */
  #again = false;
  #accepted = false;
  #renewed = false;
  #busy = 0;
  #idle = deferred();

  constructor(options: SubmitterOptions) {
    this.#options = options;
    this.#idle.resolve();
  }

  /** Something in the book has changed. Changes of one turn of the loop leave in one request. */
  wake(): void {
    this.#again = true;
    if (this.#state !== "idle") return;
    this.#state = "running";
    this.#idle = deferred();
    queueMicrotask(() => void this.#run().finally(() => this.#rest()));
  }

  /** Resolves when the server knows all that the book says, or the link is over. */
  whenIdle(): Promise<void> {
    return this.#idle.promise;
  }

  /** The link is over: answers that are under way mean nothing any more. */
  stop(): void {
    this.#state = "stopped";
    this.#idle.resolve();
  }

  #rest(): void {
    if (this.#state === "stopped") return;
    this.#state = "idle";
    this.#idle.resolve();
    if (this.#again) this.wake();
  }

  /** As a function: a property would be taken for what it was before an await. */
  #stopped(): boolean {
    return this.#state === "stopped";
  }

  async #run(): Promise<void> {
    const { book, link, identity, clock, onLatency } = this.#options;
    while (!this.#stopped()) {
      const token = await identity.token();
      if (this.#stopped()) return;
      this.#again = false;
      const plan = book.submit();
      if (!plan) return;
      const from = clock.now();
      const outcome = await link.subscribe({ names: plan.names, since: plan.since, token });
      if (this.#stopped()) return;
      onLatency(clock.now() - from);
      if (!(await this.#settle(plan, outcome, token))) return;
    }
  }

  /** @returns whether to go on with this link */
  async #settle(plan: SubscribePlan, outcome: SubscribeOutcome, token: string): Promise<boolean> {
    const { book, identity, onLost, onRefused, onOtherIdentity } = this.#options;
    if (outcome.kind === "accepted") {
      this.#accepted = true;
      this.#busy = 0;
      book.accepted(plan);
      if (plan.added.length > 0) this.#settleAfter(plan, SETTLE_TICKS);
      return true;
    }
    book.withdrawn(plan, outcome.kind === "refused" ? outcome.problems : undefined);
    switch (outcome.kind) {
      case "refused":
        return true;
      case "unknown-place":
        book.forgetPlaces(plan);
        return true;
      case "later":
        await this.#pause(outcome.error);
        return true;
      case "gone":
        onLost(outcome.error);
        return false;
      case "other-identity":
        if (this.#accepted) onOtherIdentity();
        else onRefused(outcome.error);
        return false;
      case "unauthorized":
        if (!this.#renewed && (await identity.renew(token))) return (this.#renewed = true);
        onRefused(outcome.error);
        return false;
    }
  }

  #settleAfter(plan: SubscribePlan, ticks: number): void {
    const { clock, book } = this.#options;
    const tick = (): void => {
      if (this.#stopped()) return;
      if (ticks > 1) this.#settleAfter(plan, ticks - 1);
      else book.settled(plan);
    };
    clock.timer(TICK_MS, tick, { background: true });
  }

  async #pause({ retryAfterMs }: HeadwaterError): Promise<void> {
    const { clock, random, limits } = this.#options;
    const delay = backoff(this.#busy, retryAfterMs, random(), limits);
    this.#busy += 1;
    await new Promise<void>((resolve) => clock.timer(delay, resolve));
  }
}
