import type { AppContext } from "../context/app-context.ts";
import type { SerialTransaction } from "../records/serial-transaction.ts";
import { transactionBroadcasts, type Broadcasts } from "../realtime/realtime.ts";
import { createRecordsOf } from "../records/records-of.ts";
import type { RecordsOf } from "../records/records.ts";
import { transactionTasks, type StartableTasks } from "../tasks/tasks.ts";

/** An open transaction. */
export interface Tx {
  readonly records: RecordsOf;
  readonly realtime: Broadcasts<[]>;
  /** Tasks that start when the transaction commits. */
  readonly tasks: StartableTasks;
}

export const createTx = (appContext: AppContext, transaction: SerialTransaction): Tx => ({
  records: createRecordsOf(appContext, transaction),
  realtime: transactionBroadcasts(appContext, transaction),
  tasks: transactionTasks(appContext, transaction),
});
