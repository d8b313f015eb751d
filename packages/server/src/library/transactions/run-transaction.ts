import { hookDepth, isInTransaction, runInTransaction } from "../../records/model/hook-scope.ts";
import type { AppContext } from "../context/app-context.ts";
import type { PreparedSubmission } from "../../records/model/submission.ts";
import { discardOnFailure } from "../../records/write/submit-record.ts";
import { SerialTransaction } from "../records/serial-transaction.ts";
import { createTx, type Tx } from "./tx.ts";

/** Runs the work in a transaction. If that is rolled back, the files that it stored are deleted. */
export async function runTransaction<T>(appContext: AppContext, work: (tx: Tx) => Promise<T>): Promise<T> {
  if (isInTransaction()) throw new Error("A transaction can't be opened inside another one.");
  const depth = hookDepth();
  const { limits } = appContext.core.hooks;
  const submissions: PreparedSubmission[] = [];
  return discardOnFailure(submissions, () =>
    appContext.core.folder.store.write((outer) =>
      runInTransaction(outer, { name: "a transaction", depth, limits }, (tx) =>
        work(createTx(appContext, new SerialTransaction(tx, submissions))),
      ),
    ),
  );
}
