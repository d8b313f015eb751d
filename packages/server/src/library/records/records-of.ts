import type { AppContext } from "../context/app-context.ts";
import type { SerialTransaction } from "./serial-transaction.ts";
import { RecordsHandle } from "./records-handle.ts";
import type { RecordsOf } from "./records.ts";

/** Access to the records of any collection, in a transaction if one is given. */
export const createRecordsOf =
  (appContext: AppContext, transaction?: SerialTransaction): RecordsOf =>
  (collection) =>
    new RecordsHandle(appContext, collection, transaction);
