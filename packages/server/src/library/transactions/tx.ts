import type { AppContext } from "../context/app-context.ts";
import type { SerialTransaction } from "../records/serial-transaction.ts";
import { transactionBroadcasts, type Broadcasts } from "../realtime/realtime.ts";
import { createRecordsOf } from "../records/records-of.ts";
import type { RecordsOf } from "../records/records.ts";
import { transactionSync, type TransactionSync } from "../sync/sync.ts";
import { transactionTasks, type StartableTasks } from "../tasks/tasks.ts";

/** An open transaction. */
export interface Tx {
  readonly records: RecordsOf;
  readonly realtime: Broadcasts<[]>;
  readonly sync: TransactionSync;
  /** Tasks that start when the transaction commits. */
  readonly tasks: StartableTasks;
}

export const createTx = (appContext: AppContext, transaction: SerialTransaction): Tx => ({
  records: createRecordsOf(appContext, transaction),
  realtime: transactionBroadcasts(appContext, transaction),
  sync: transactionSync(appContext, transaction),
  tasks: transactionTasks(appContext, transaction),
});
