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
  /** The server can't process the subscriptions now, so the request is sent again; `undefined` once it could. */
  readonly onBusy: (error: HeadwaterError | undefined) => void;
  /** The link can't be used any more. */
  readonly onLost: (error: HeadwaterError) => void;
  /** Another link would be rejected too. */
  readonly onRefused: (error: HeadwaterError) => void;
  /** The link belongs to the previous user. */
  readonly onOtherIdentity: () => void;
}

/**
 * An id may arrive up to ten seconds after a response that was sent after it. Counted in ticks of one second, so that a
 * machine that sleeps counts one tick at most. Only needed for heartbeats: an event proves that its subscription
 * exists.
 */
const SETTLE_TICKS = 10;
const TICK_MS = 1_000;

/** Keeps the server's subscriptions for one link equal to the table, with one request at a time. */
export class SubscriptionReconciler {
  readonly #options: SubscriptionReconcilerOptions;
  #state: "idle" | "running" | "stopped" = "idle";
  /** The table has changed since the last request. */
  #isDirty = false;
  #wasAccepted = false;
  #tokenRenewed = false;
  #busyAttempts = 0;
  #idle = promiseWithResolvers();

  constructor(options: SubscriptionReconcilerOptions) {
    this.#options = options;
    this.#idle.resolve();
  }

  /** The table has changed. All changes of one turn of the event loop go into one request. */
  wake(): void {
    this.#isDirty = true;
    if (this.#state !== "idle") return;
    this.#state = "running";
    this.#idle = promiseWithResolvers();
    queueMicrotask(() => void this.#run().finally(() => this.#onIdle()));
  }

  /** Resolves when the server has the table's subscriptions, or the link has ended. */
  whenIdle(): Promise<void> {
    return this.#idle.promise;
  }

  /** The link has ended: ignores responses that still arrive. */
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

  /** A method, because TypeScript would narrow a property across an await. */
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
      const startedAt = clock.now();
      const outcome = await link.subscribe({ names: plan.names, since: plan.since, token });
      if (this.#isStopped()) return;
      onLatency(clock.now() - startedAt);
      if (!(await this.#applyOutcome(plan, outcome, token))) return;
    }
  }

  /** @returns whether to continue with this link */
  async #applyOutcome(plan: SubscribePlan, outcome: SubscribeOutcome, token: string): Promise<boolean> {
    const { table, identity, onBusy, onLost, onRefused, onOtherIdentity } = this.#options;
    onBusy(outcome.kind === "retry-later" ? outcome.error : undefined);
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
      case "unknown-cursor":
        table.forgetCursors(plan);
        return true;
      case "retry-later":
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
