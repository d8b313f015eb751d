import { cpuMs } from "../../lib/scheduling/cpu-time.ts";
import type { Eventually } from "../../lib/scheduling/eventually.ts";
import type { Meter } from "../../lib/scheduling/meter.ts";
import { TurnShare } from "../../lib/scheduling/turn-share.ts";
import { EvaluationBudget, type EvaluationLimits } from "./evaluation-budget.ts";
import type { Session } from "../session.ts";

/** How long evaluations may keep a turn of the event loop, in milliseconds. */
const MAX_TURN_MS = 4;
/** An evaluation that took longer may have waited for a processor: then its CPU time counts, with that of those before it. */
const SUSPECT_MS = 1;

/** A question about a change, for the sessions that its answer is about. */
export interface Evaluation<Principal, Result> {
  readonly sessions: ReadonlySet<Session<Principal>>;
  /** @param meter for the work that begins only after this returns */
  readonly evaluate: (meter: Meter) => Eventually<Result>;
}

/** `failed`: it threw. `overload`: its sessions have used up their time. */
export type Outcome<Result> = { readonly result: Result } | "failed" | "overload" | undefined;

/** Evaluates a change for all its audiences: in slices, so that other work is served between, and within budgets. */
export class Evaluator<Principal> {
  readonly #budget: EvaluationBudget<Principal>;
  readonly #turns = new TurnShare(MAX_TURN_MS);

  constructor(limits: EvaluationLimits<Principal>) {
    this.#budget = new EvaluationBudget(limits);
  }

  /**
   * Starts all that the budgets allow before it waits for the first, so that those that need the database share one query.
   *
   * @returns in the same order; `undefined` for those whose sessions all read the change from the log
   */
  async all<Result>(
    evaluations: readonly Evaluation<Principal, Result>[],
    onError: (error: unknown) => void,
  ): Promise<Outcome<Result>[]> {
    this.#budget.nextRound();
    const outcomes: Outcome<Result>[] = [];
    const pending: Promise<void>[] = [];
    let now = performance.now();
    let cpu = cpuMs();
    for (const [i, { sessions, evaluate }] of evaluations.entries()) {
      outcomes.push(undefined);
      if (!isAnyLive(sessions)) continue;
      if (this.#budget.isExhausted(sessions, now)) {
        outcomes[i] = "overload";
        continue;
      }
      const settle = (outcome: Outcome<Result>): void => void (outcomes[i] = outcome);
      const meter = this.#budget.meter(sessions);
      const fail = (error: unknown): void => {
        if (meter.isExhausted()) {
          settle("overload");
          return;
        }
        onError(error);
        settle("failed");
      };
      try {
        const result = evaluate(meter);
        if (result instanceof Promise) {
          pending.push(result.then((value) => settle({ result: value }), fail));
        } else outcomes[i] = { result };
      } catch (error) {
        fail(error);
      }
      const startedAt = now;
      now = performance.now();
      let took = now - startedAt;
      if (took > SUSPECT_MS) {
        const before = cpu;
        cpu = cpuMs();
        took = Math.min(took, cpu - before);
      }
      this.#budget.charge(sessions, took, now);
      const pause = this.#turns.pause(now);
      if (!pause) continue;
      await pause;
      now = performance.now();
      cpu = cpuMs();
    }
    await Promise.all(pending);
    return outcomes;
  }
}

function isAnyLive<Principal>(sessions: ReadonlySet<Session<Principal>>): boolean {
  for (const session of sessions) if (session.isLive) return true;
  return false;
}
