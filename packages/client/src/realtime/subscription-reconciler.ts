import type { Identity } from "../auth/identity.ts";
import type { Clock } from "../clock.ts";
import { backoff, type BackoffLimits } from "../connection/backoff.ts";
import { promiseWithResolvers } from "../promise-with-resolvers.ts";
import type { HeadwaterError } from "../errors.ts";
import type { Link, SubscribeOutcome } from "../transport/transport.ts";
import type { SubscriptionTable } from "./subscription-table.ts";
import type { SubscribePlan } from "./subscribe-plan.ts";

export interface SubscriptionReconcilerOptions {
  readonly link: Link;
  readonly table: SubscriptionTable;
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
export class SubscriptionReconciler {
  readonly #options: SubscriptionReconcilerOptions;
  #state: "idle" | "running" | "stopped" = "idle";
  /** The book has changed since the last look at it. */
  #isDirty = false;
  #wasAccepted = false;
  #tokenRenewed = false;
  #busyAttempts = 0;
  #idle = promiseWithResolvers();

  constructor(options: SubscriptionReconcilerOptions) {
    this.#options = options;
    this.#idle.resolve();
  }

  /** Something in the book has changed. Changes of one turn of the loop leave in one request. */
  wake(): void {
    this.#isDirty = true;
    if (this.#state !== "idle") return;
    this.#state = "running";
    this.#idle = promiseWithResolvers();
    queueMicrotask(() => void this.#run().finally(() => this.#onIdle()));
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

  #onIdle(): void {
    if (this.#state === "stopped") return;
    this.#state = "idle";
    this.#idle.resolve();
    if (this.#isDirty) this.wake();
  }

  /** As a function: a property would be taken for what it was before an await. */
  #isStopped(): boolean {
    return this.#state === "stopped";
  }

  async #run(): Promise<void> {
    const { table, link, identity, clock, onLatency } = this.#options;
    while (!this.#isStopped()) {
      const token = await identity.token();
      if (this.#isStopped()) return;
      this.#isDirty = false;
      const plan = table.nextRequest();
      if (!plan) return;
      const from = clock.now();
      const outcome = await link.subscribe({ names: plan.names, since: plan.since, token });
      if (this.#isStopped()) return;
      onLatency(clock.now() - from);
      if (!(await this.#applyOutcome(plan, outcome, token))) return;
    }
  }

  /** @returns whether to go on with this link */
  async #applyOutcome(plan: SubscribePlan, outcome: SubscribeOutcome, token: string): Promise<boolean> {
    const { table, identity, onLost, onRefused, onOtherIdentity } = this.#options;
    if (outcome.kind === "accepted") {
      this.#wasAccepted = true;
      this.#busyAttempts = 0;
      table.accepted(plan);
      if (plan.added.length > 0) this.#settleLater(plan, SETTLE_TICKS);
      return true;
    }
    table.rejected(plan, outcome.kind === "refused" ? outcome.problems : undefined);
    switch (outcome.kind) {
      case "refused":
        return true;
      case "unknown-place":
        table.forgetCursors(plan);
        return true;
      case "later":
        await this.#pause(outcome.error);
        return true;
      case "gone":
        onLost(outcome.error);
        return false;
      case "other-identity":
        if (this.#wasAccepted) onOtherIdentity();
        else onRefused(outcome.error);
        return false;
      case "unauthorized":
        if (!this.#tokenRenewed && (await identity.renew(token))) return (this.#tokenRenewed = true);
        onRefused(outcome.error);
        return false;
    }
  }

  #settleLater(plan: SubscribePlan, ticks: number): void {
    const { clock, table } = this.#options;
    const tick = (): void => {
      if (this.#isStopped()) return;
      if (ticks > 1) this.#settleLater(plan, ticks - 1);
      else table.settled(plan);
    };
    clock.timer(TICK_MS, tick, { background: true });
  }

  async #pause({ retryAfterMs }: HeadwaterError): Promise<void> {
    const { clock, random, limits } = this.#options;
    const delay = backoff(this.#busyAttempts, retryAfterMs, random(), limits);
    this.#busyAttempts += 1;
    await new Promise<void>((resolve) => clock.timer(delay, resolve));
  }
}
