import type { AnswerLimits } from "../model/record-context.ts";
import { badRequest } from "../../lib/api-error.ts";

export const DEFAULT_ANSWER_LIMITS: AnswerLimits = { bytes: 64 << 20, expanded: 100_000 };

/** Parts of all `expand` paths together. Each takes up to two queries. */
const MAX_STEPS = 200;

/** Counts what one answer takes. */
export class AnswerBudget {
  readonly #limits: AnswerLimits;
  #steps = 0;
  #expanded = 0;
  #bytes = 0;
  #fetched = 0;

  constructor(limits: AnswerLimits = DEFAULT_ANSWER_LIMITS) {
    this.#limits = limits;
  }

  /** How many more references may be expanded. */
  get expandable(): number {
    const { expanded } = this.#limits;
    return expanded > 0 ? expanded - this.#expanded : Infinity;
  }

  addStep(): void {
    if ((this.#steps += 1) > MAX_STEPS) throw badRequest(`The expand parameter has more than ${MAX_STEPS} parts.`);
  }

  addExpanded(count: number): void {
    this.#expanded += count;
    if (this.expandable < 0) {
      this.#limits.refused?.("limit_expand");
      throw badRequest(`The expand parameter leads to more than ${this.#limits.expanded} records (--max-expand).`);
    }
  }

  /** Records that are written to the answer. @throws ApiError 400 once it is too large */
  addBytes(bytes: number): void {
    this.#check((this.#bytes += bytes));
  }

  /** Records that are read for it: what no answer can hold is not collected first. */
  addFetched(bytes: number): void {
    this.#check((this.#fetched += bytes));
  }

  #check(bytes: number): void {
    const { bytes: max } = this.#limits;
    if (max === 0 || bytes <= max) return;
    const limit = max < 2 ** 20 ? `${Math.round(max / 1_024)} KiB` : `${Math.round(max / 2 ** 20)} MiB`;
    this.#limits.refused?.("limit_answer_bytes");
    throw badRequest(
      `The answer is larger than ${limit} (--max-answer-mb). Ask for fewer records or for a shorter expand.`,
    );
  }
}
