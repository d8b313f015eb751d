import type { Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { sql } from "../../store/sql.ts";
import type { Store } from "../../store/store.ts";
import type { WriteContext } from "../model/record-context.ts";
import { purgeRecord } from "./trash.ts";

const DAY_MS = 86_400_000;
/** Rows that one transaction deletes: other writers wait no longer than that takes. */
const ROWS_PER_STEP = 200;

interface SweepOptions extends Pick<WriteContext, "files" | "background" | "now"> {
  readonly store: Store;
  readonly schema: () => Schema;
}

/**
 * Deletes for good what was kept long enough, and all that was kept for collections that keep nothing any more.
 *
 * @returns how many records left the trash
 */
export async function sweepKept(options: SweepOptions): Promise<number> {
  const { store, schema } = options;
  let purged = 0;
  for (const collection of schema().collections) {
    if (collection.type === "view") continue;
    const trashUntil = endOf(options.now, collection.softDelete);
    if (trashUntil !== undefined) purged += await sweepTrash(options, collection, trashUntil);
    const historyUntil = endOf(options.now, collection.history);
    if (historyUntil === undefined) continue;
    const old = sql`SELECT record, version FROM _headwater_history
      WHERE collection = ${collection.id} AND time < ${historyUntil} LIMIT ${ROWS_PER_STEP}`;
    const isMore = () =>
      store.write(async (tx) => {
        const deleted = await tx.run(
          sql`DELETE FROM _headwater_history WHERE collection = ${collection.id} AND (record, version) IN (${old})`,
        );
        return deleted === ROWS_PER_STEP;
      });
    while (await isMore());
  }
  return purged;
}

/** Milliseconds since 1970 before which nothing is kept; `undefined` if all is. */
function endOf(now: Date, option: { readonly days: number } | undefined): number | undefined {
  if (!option) return Number.MAX_SAFE_INTEGER;
  return option.days === 0 ? undefined : now.getTime() - option.days * DAY_MS;
}

async function sweepTrash({ store, ...context }: SweepOptions, collection: Collection, until: number): Promise<number> {
  for (let purged = 0; ;) {
    const count = await store.write(async (tx) => {
      const rows = await tx.all(
        sql`SELECT record FROM _headwater_trash WHERE collection = ${collection.id} AND time < ${until}
          LIMIT ${ROWS_PER_STEP}`,
      );
      for (const { record } of rows) await purgeRecord(tx, context, collection, String(record));
      if (rows.length > 0) tx.afterCommit(() => store.scrub());
      return rows.length;
    });
    purged += count;
    if (count < ROWS_PER_STEP) return purged;
  }
}
