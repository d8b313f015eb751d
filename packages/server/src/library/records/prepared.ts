import type { PreparedSubmission } from "../../records/model/submission.ts";
import type { Subject } from "../collections/record-types.ts";

declare const subject: unique symbol;

/**
 * The values of one new record after the work that is too slow for a transaction: before hooks have run, passwords are
 * hashed, files are stored.
 */
export class Prepared<S extends Subject> {
  declare readonly [subject]?: S;

  constructor(readonly submission: PreparedSubmission) {}

  /** Deletes the stored files. Call it if the record is not created after all. */
  discard(): Promise<void> {
    return this.submission.discard();
  }
}
