import { invalid, limited } from "../../lib/api-error.ts";

/** The imports over HTTP that run now. */
export class RunningImports {
  readonly #max: number;
  readonly #refused: (limit: string) => void;
  #count = 0;

  /** @param max 0 is no limit. @param refused called with the code of a limit that refuses an import */
  constructor(max: number, refused: (limit: string) => void) {
    this.#max = max;
    this.#refused = refused;
  }

  get count(): number {
    return this.#count;
  }

  /** @returns a function that ends it. @throws ApiError 503 if too many run */
  start(): () => void {
    if (this.#max > 0 && this.#count >= this.#max) {
      this.#refused("limit_imports");
      const message = `${this.#max} imports are running (--max-imports).`;
      throw limited(503, { imports: invalid("limit_imports", message) }, 5);
    }
    this.#count += 1;
    return () => {
      this.#count -= 1;
    };
  }
}
