import type { Submission } from "../../records/model/submission.ts";
import { savepoint } from "../../store/savepoint.ts";
import type { Transaction } from "../../store/store.ts";

/** A transaction that is open, as those write in it who do not know of each other. */
export class OpenTransaction {
  /** What was written in it: what was stored for that goes again when the transaction is undone. */
  readonly used: Submission[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly tx: Transaction) {}

  /** Writes after the writes before it; of one that fails nothing stays, so that who asked may go on. */
  write<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const written = this.#last.then(() => savepoint(this.tx, work));
    this.#last = written.catch(() => {});
    return written;
  }
}
