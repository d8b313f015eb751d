import type { ErrorData } from "@headwater/protocol";

/** A row that was not written. */
export interface RefusedRow {
  readonly line: number;
  readonly message: string;
  readonly data: ErrorData;
}

/** What an import did, or would do. */
export interface ImportReport {
  readonly dryRun: boolean;
  /** Rows that were read. */
  readonly rows: number;
  readonly created: number;
  readonly updated: number;
  readonly refused: number;
  /** The first of them. */
  readonly errors: readonly RefusedRow[];
  /** The line at which it ended before the file did. */
  readonly stoppedAt?: number;
}

/** Counts what becomes of the rows. */
export class ImportCounts {
  rows = 0;
  created = 0;
  updated = 0;
  refused = 0;
  stoppedAt: number | undefined;
  readonly #errors: RefusedRow[] = [];
  readonly #onRefused: (row: RefusedRow) => void;
  readonly #maxErrors: number;

  constructor(maxErrors: number, onRefused: (row: RefusedRow) => void = () => {}) {
    this.#maxErrors = maxErrors;
    this.#onRefused = onRefused;
  }

  refuse(row: RefusedRow): void {
    this.refused += 1;
    if (this.#errors.length < this.#maxErrors) this.#errors.push(row);
    this.#onRefused(row);
  }

  report(dryRun: boolean): ImportReport {
    const { rows, created, updated, refused, stoppedAt } = this;
    const counts = { dryRun, rows, created, updated, refused, errors: this.#errors };
    return stoppedAt === undefined ? counts : { ...counts, stoppedAt };
  }
}
