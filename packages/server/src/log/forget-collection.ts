import type { CollectionId } from "@headwater/protocol";
import type { Transaction } from "../store/store.ts";
import { readHead, readTrimmedTo } from "./change-log.ts";

/** Seqs that one statement looks at: other requests run between two statements. */
const SEQS_PER_STEP = 10_000;

/**
 * Deletes all changes of a collection's records, when it is deleted itself: one that is made again under its name, and so
 * with its id, starts with nothing. The oldest change of the log stays as a place, since it says how far back the log goes.
 */
export async function forgetCollection(tx: Transaction, collection: CollectionId): Promise<void> {
  const head = await readHead(tx);
  const oldest = (await readTrimmedTo(tx)) + 1;
  await tx.run({ text: EMPTY, values: [oldest, collection] });
  for (let after = oldest; after < head; after += SEQS_PER_STEP) {
    await tx.run({ text: DELETE, values: [after, after + SEQS_PER_STEP, collection] });
  }
}

const EMPTY =
  "UPDATE _changes SET collection = '', record = '', before = NULL, after = NULL, form = 0 WHERE seq = ? AND collection = ?";
const DELETE = "DELETE FROM _changes WHERE seq > ? AND seq <= ? AND collection = ?";
