import { createHmac, randomBytes, randomInt } from "node:crypto";
import { sql } from "../store/sql.ts";
import type { Reader, Store, Transaction } from "../store/store.ts";
import { forgetAccountStarts } from "./accounts.ts";
import { guardTables, takeForeignWrites } from "./foreign-writes.ts";
import { readHead, readTrimmedTo } from "./change-log.ts";

/** One server start: the cursors that it issued, and the ids of the changes that it wrote, name its mark. */
export interface Mark {
  readonly mark: number;
  /** The seq of the newest change when the server started. */
  readonly seq: number;
}

/** What distinguishes the cursors of this log from those of any other, even of a copy. */
export interface Lineage {
  /** The key that seals cursors, 16 bytes. */
  readonly key: Uint8Array;
  /** Oldest first; the last is the running server's. */
  readonly marks: readonly Mark[];
}

/** Marks that are kept at most: a server that crashes on every start must not fill the database. */
const MAX_MARKS = 10_000;
const MAX_MARK = 2 ** 32;

/**
 * Begins this server's part of the log. If another program has written to the folder since the last one, the log says
 * nothing of it: all cursors and views become invalid.
 */
export function startLineage(store: Store): Promise<Lineage> {
  return store.write(
    async (tx) => {
      if (await takeForeignWrites(tx)) await startEpoch(tx);
      await guardTables(tx);
      const head = await readHead(tx);
      const trimmedTo = await readTrimmedTo(tx);
      await forgetAccountStarts(tx, trimmedTo);
      await tx.run(sql`DELETE FROM _headwater_marks WHERE id < (
        SELECT max(id) FROM _headwater_marks WHERE seq < ${trimmedTo})`);
      await tx.run(sql`DELETE FROM _headwater_marks WHERE id <= (SELECT max(id) FROM _headwater_marks) - ${MAX_MARKS}`);
      await tx.run(sql`INSERT INTO _headwater_marks (mark, seq) VALUES (${randomInt(MAX_MARK)}, ${head})`);
      return { key: await readKey(tx), marks: await readMarks(tx) };
    },
    { alone: true },
  );
}

/** A new epoch has a new key, so no earlier cursor can be read. */
async function startEpoch(tx: Transaction): Promise<void> {
  await tx.run(sql`UPDATE _headwater SET value = ${randomBytes(5).toString("hex")} WHERE key = 'epoch'`);
  await tx.run(sql`DELETE FROM _headwater_marks`);
}

async function readKey(reader: Reader): Promise<Uint8Array> {
  const rows = await reader.all(sql`SELECT key, value FROM _headwater WHERE key IN ('epoch', 'secret')`);
  const values = new Map(rows.map(({ key, value }) => [key, String(value)]));
  return createHmac("sha256", values.get("secret")!).update(values.get("epoch")!).digest().subarray(0, 16);
}

async function readMarks(reader: Reader): Promise<readonly Mark[]> {
  const rows = await reader.all(sql`SELECT mark, seq FROM _headwater_marks ORDER BY id`);
  return rows.map(({ mark, seq }) => ({ mark: mark as number, seq: seq as number }));
}
