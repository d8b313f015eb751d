import type { AppContext } from "../context/app-context.ts";
import type { OpenTransaction } from "./serial-transaction.ts";
import { RecordsHandle } from "./records-handle.ts";
import type { RecordsOf } from "./records.ts";

/** Records in the folder, or in a transaction. */
export const recordsOf =
  (ground: AppContext, open?: OpenTransaction): RecordsOf =>
  (collection) =>
    new RecordsHandle(ground, collection, open);
