import type { Submission } from "../../records/model/submission.ts";
import type { Subject } from "../collections/record-types.ts";

declare const subject: unique symbol;

/**
 * Values of a new record whose slow part is done, which a transaction can't wait for: passwords are hashed, files are
 * stored, before hooks have run. It makes one record.
 */
export class Prepared<S extends Subject> {
  declare readonly [subject]?: S;

  constructor(readonly submission: Submission) {}

  /** Removes the files that were stored; for one that is not needed after all. */
  discard(): Promise<void> {
    return this.submission.discard();
  }
}
