import { LRUCache } from "lru-cache";

/** Answers that several ask for: each is found out once, and kept while there is room. One that fails is not kept. */
export class PromiseCache<Answer extends object | string> {
  readonly #answers: LRUCache<string, Promise<Answer>>;
  readonly #sizeOf: (answer: Answer) => number;

  /**
   * @param max answers that are kept
   * @param maxSize what they may have together; one that is larger is not kept
   * @param sizeOf above 0
   */
  constructor(max: number, maxSize: number, sizeOf: (answer: Answer) => number) {
    this.#answers = new LRUCache({ max, maxSize });
    this.#sizeOf = sizeOf;
  }

  get(key: string, find: () => Promise<Answer>): Promise<Answer> {
    const known = this.#answers.get(key);
    if (known) return known;
    const answer = find();
    this.#answers.set(key, answer, { size: 1 });
    const isStill = (): boolean => this.#answers.peek(key) === answer;
    answer.then(
      (found) => {
        // The same value set again would keep the size that it had.
        if (isStill() && this.#answers.delete(key)) this.#answers.set(key, answer, { size: this.#sizeOf(found) });
      },
      () => {
        if (isStill()) this.#answers.delete(key);
      },
    );
    return answer;
  }

  clear(): void {
    this.#answers.clear();
  }
}
