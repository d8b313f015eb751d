import type { AppContext } from "../context/app-context.ts";
import type { OpenTransaction } from "../records/serial-transaction.ts";
import { broadcastsIn, type Broadcasts } from "../realtime/realtime.ts";
import { recordsOf } from "../records/records-of.ts";
import type { RecordsOf } from "../records/records.ts";
import { startIn, type StartableTasks } from "../tasks/tasks.ts";

/** A transaction that is open. */
export interface Tx {
  readonly records: RecordsOf;
  readonly realtime: Broadcasts<[]>;
  /** Tasks that begin if and when the transaction is committed. */
  readonly tasks: StartableTasks;
}

/** What belongs to a transaction, for those who write in it. */
export const txOf = (ground: AppContext, open: OpenTransaction): Tx => ({
  records: recordsOf(ground, open),
  realtime: broadcastsIn(ground, open),
  tasks: startIn(ground, open),
});
