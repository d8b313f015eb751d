/** Milliseconds that may be used. Its state is one number, as in a token bucket. */
export interface Budget {
  /** The time at which it is full again. */
  fullAt: number;
}

/** What one session took lately, to evaluate what it may see. */
export interface EvaluationUsage extends Budget {
  /** The round that `spent` is about. */
  round: number;
  /** Milliseconds. */
  spent: number;
}

export const newUsage = (): EvaluationUsage => ({ round: 0, spent: 0, fullAt: 0 });
