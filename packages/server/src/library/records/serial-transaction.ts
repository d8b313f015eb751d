import type { PreparedSubmission } from "../../records/model/submission.ts";
import { savepoint } from "../../store/savepoint.ts";
import type { Transaction } from "../../store/store.ts";

/** An open transaction with independent writers, such as hooks: their writes run one after another. */
export class SerialTransaction {
  #last: Promise<unknown> = Promise.resolve();

  /** @param submissions gets what is written, so that its stored files can be deleted if the transaction is rolled back */
  constructor(
    readonly tx: Transaction,
    readonly submissions: PreparedSubmission[] = [],
  ) {}

  /** Runs a write after the ones before it. A failed write is undone alone, so its caller may continue. */
  write<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const written = this.#last.then(() => savepoint(this.tx, work));
    this.#last = written.catch(() => {});
    return written;
  }
}
