import { LRUCache } from "lru-cache";
import type { Meter } from "../../lib/scheduling/meter.ts";
import type { Budget } from "./evaluation-usage.ts";
import type { Session } from "../session.ts";

export interface EvaluationLimits<Principal> {
  /** The share of the time that one connection may take, from 0 to 1; 0 is no limit. */
  readonly perConnection: number;
  /** What counts the connections of one client together; `undefined` for none. */
  readonly clientOf: (session: Session<Principal>) => string | undefined;
}

export const NO_EVALUATION_LIMITS = { perConnection: 0, clientOf: () => undefined };

/** Milliseconds that a session may take for each change in any case: what ordinary clients stay below. */
const FREE_MS = 0.5;
/** What may be used at once, in milliseconds, and the share of the time as a multiple of a connection's. */
interface Level {
  readonly burstMs: number;
  readonly factor: number;
}
const CONNECTION: Level = { burstMs: 25, factor: 1 };
/** The connections of one client. */
const CLIENT: Level = { burstMs: 50, factor: 2 };
/** All connections that take more than is free. */
const ALL: Level = { burstMs: 100, factor: 3 };
/** With more sessions than this, each has a negligible share of an evaluation's cost. */
const MAX_CHARGED = 64;
const MAX_CLIENTS = 10_000;

/**
 * Bounds the time that goes into evaluating who may see changes. Rules and filters are the clients' own choice, and all
 * wait while one is evaluated. A session is refused only beyond what is free for each change.
 */
export class EvaluationBudget<Principal> {
  readonly #limits: EvaluationLimits<Principal>;
  readonly #clients = new LRUCache<string, Budget>({ max: MAX_CLIENTS });
  readonly #all: Budget = { fullAt: 0 };
  #round = 0;

  constructor(limits: EvaluationLimits<Principal>) {
    this.#limits = limits;
  }

  /** A new change: what is free is free again. */
  nextRound(): void {
    this.#round += 1;
  }

  /** Whether all of these sessions have used up their budget. */
  isExhausted(sessions: ReadonlySet<Session<Principal>>, now: number): boolean {
    if (this.#limits.perConnection === 0) return false;
    for (const session of sessions) if (!this.#isOver(session, now)) return false;
    return true;
  }

  /** Notes what an evaluation for these sessions took, in milliseconds. */
  charge(sessions: ReadonlySet<Session<Principal>>, ms: number, now: number): void {
    const { size } = sessions;
    if (size === 0 || size > MAX_CHARGED || this.#limits.perConnection === 0) return;
    for (const session of sessions) this.#chargeOne(session, ms / size, now);
  }

  /** For work for these sessions that begins later. */
  meter(sessions: ReadonlySet<Session<Principal>>): Meter {
    return {
      isExhausted: () => this.isExhausted(sessions, performance.now()),
      charge: (ms) => this.charge(sessions, ms, performance.now()),
    };
  }

  #chargeOne(session: Session<Principal>, ms: number, now: number): void {
    const { evaluation } = session;
    if (evaluation.round !== this.#round) {
      evaluation.round = this.#round;
      evaluation.spent = 0;
    }
    evaluation.spent += ms;
    const excess = Math.min(ms, evaluation.spent - FREE_MS);
    if (excess <= 0) return;
    this.#use(evaluation, CONNECTION, excess, now);
    const client = this.#clientOf(session);
    if (client) this.#use(client, CLIENT, excess, now);
    this.#use(this.#all, ALL, excess, now);
  }

  #isOver(session: Session<Principal>, now: number): boolean {
    const { evaluation } = session;
    if (evaluation.round !== this.#round || evaluation.spent <= FREE_MS) return false;
    if (this.#isUsedUp(evaluation, CONNECTION, now) || this.#isUsedUp(this.#all, ALL, now)) return true;
    const client = this.#clientOf(session);
    return client !== undefined && this.#isUsedUp(client, CLIENT, now);
  }

  /** Takes milliseconds from a budget that is filled with a share of the time that passes. */
  #use(budget: Budget, { factor }: Level, ms: number, now: number): void {
    budget.fullAt = Math.max(budget.fullAt, now) + ms / (this.#limits.perConnection * factor);
  }

  #isUsedUp({ fullAt }: Budget, { burstMs, factor }: Level, now: number): boolean {
    return fullAt - now > burstMs / (this.#limits.perConnection * factor);
  }

  #clientOf(session: Session<Principal>): Budget | undefined {
    const key = this.#limits.clientOf(session);
    if (key === undefined) return undefined;
    let client = this.#clients.get(key);
    if (!client) this.#clients.set(key, (client = { fullAt: 0 }));
    return client;
  }
}
