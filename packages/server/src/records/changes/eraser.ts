import type { CollectionId, RecordId } from "@headwater/protocol";
import { ANYTHING, COLLECTIONS, isForeignWrite } from "../../collections/model/log-collection-change.ts";
import type { Schema } from "../../collections/model/schema.ts";
import type { Change } from "../../log/change.ts";
import { isObject } from "../../collections/fields/decode-json.ts";
import { parseJson } from "../../lib/json/json-value.ts";
import type { RecordKey } from "../../log/log-entry.ts";
import type { Row } from "../../store/sql.ts";
import type { Reader, Store, Transaction } from "../../store/store.ts";
import { keptFields } from "./kept-fields.ts";

export interface EraserOptions {
  readonly store: Store;
  readonly schema: () => Schema;
  /** The seq up to which everyone who follows the log has read it. */
  readonly upTo: () => number;
  readonly onError: (error: unknown) => void;
}

/** Entries that one write erases: other writers wait no longer than that takes. */
const ENTRIES_PER_WRITE = 200;
/** How often it looks for deletes that a slow after hook has not read yet, in milliseconds. */
const RETRY_MS = 1_000;

/**
 * Erases the values of deleted records from the log, as soon as its followers have read the delete. What stays is
 * that the record was there, and the fields that decide who hears of its delete.
 */
export class Eraser {
  readonly #options: EraserOptions;
  #running: Promise<void> | undefined;
  #timer: Timer | undefined;
  #again = false;
  #stopped = false;

  constructor(options: EraserOptions) {
    this.#options = options;
  }

  /** Erases what an earlier process left. */
  start(): void {
    this.#wake();
  }

  /** A follower of the log. */
  follow(change: Change): void {
    if (change.action === "delete" || isForeignWrite(change)) this.#wake();
  }

  /** Finishes what has begun. */
  async stop(): Promise<void> {
    this.#wake();
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #wake(): void {
    this.#again = true;
    if (!this.#running && !this.#stopped) this.#running = this.#run();
  }

  async #run(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        // After the change that woke it: only then has the tail passed it.
        await new Promise((resolve) => setImmediate(resolve));
        while (await this.#eraseSome());
      }
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#running = undefined;
      this.#retryLater();
    }
  }

  /** @returns whether there may be more */
  async #eraseSome(): Promise<boolean> {
    const { store, schema, upTo } = this.#options;
    if (await eraseBeforeForeignWrite(store, upTo())) return true;
    const waiting = await unerasedDeletes(store, upTo(), ENTRIES_PER_WRITE);
    if (waiting.length === 0) return false;
    const isDone = await store.write(async (tx) => {
      let left = ENTRIES_PER_WRITE;
      for (const deleted of waiting) {
        left -= await eraseRecord(tx, schema(), deleted, left);
        if (left <= 0) return false;
      }
      return true;
    });
    store.scrub();
    return !isDone || waiting.length === ENTRIES_PER_WRITE;
  }

  /** For an after hook that has not read that far yet: the next change that wakes this may be far away. */
  #retryLater(): void {
    if (this.#stopped || this.#timer) return;
    const { store, onError } = this.#options;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      unerasedDeletes(store, Number.MAX_SAFE_INTEGER, 1)
        .then(({ length }) => length > 0 && this.#wake())
        .catch(onError);
    }, RETRY_MS).unref();
  }
}

/**
 * What precedes a write without the log says nothing any more: it would lead back from records that have changed since.
 *
 * @returns whether there may be more
 */
async function eraseBeforeForeignWrite(store: Store, upTo: number): Promise<boolean> {
  const found = await store.first({ text: LAST_FOREIGN, values: [COLLECTIONS, ANYTHING, upTo] });
  const seq = found?.["seq"];
  const isAny = typeof seq === "number" && (await store.first({ text: BEFORE_FOREIGN, values: [seq, TASKS, 1] }));
  if (!isAny) return false;
  await store.write((tx) => tx.run({ text: ERASE_BEFORE, values: [seq, TASKS, FOREIGN_PER_WRITE] }));
  store.scrub();
  return true;
}

/** Served by the index of the rows that hold values. */
const LAST_FOREIGN = `SELECT max(seq) AS seq FROM _changes
  WHERE collection = ? AND record = ? AND before IS NOT NULL AND seq <= ?`;
/** Events of tasks, which describe no record, leave the log in their own time. */
const TASKS = "_tasks";
const FOREIGN_PER_WRITE = 2_000;
const BEFORE_FOREIGN = "SELECT seq FROM _changes WHERE seq < ? AND collection <> ? ORDER BY seq LIMIT ?";
const ERASE_BEFORE = `DELETE FROM _changes WHERE seq IN (${BEFORE_FOREIGN})`;

/** The records whose values are still to be erased, oldest first. */
export async function readUnerasedDeletes(reader: Reader, limit: number): Promise<RecordKey[]> {
  const rows = await unerasedDeletes(reader, Number.MAX_SAFE_INTEGER, limit);
  return rows.map(({ collection, record }) => ({
    collection: collection as CollectionId,
    record: record as RecordId,
  }));
}

const unerasedDeletes = (reader: Reader, upTo: number, limit: number): Promise<Row[]> =>
  reader.all({ text: UNERASED, values: [upTo, limit] });

/** Served by an index of exactly these. */
const UNERASED = `SELECT seq, collection, record, before FROM _changes
  WHERE action = 'delete' AND form = 1 AND seq <= ? ORDER BY seq LIMIT ?`;

/** Erases at most so many entries, the delete last. @returns how many */
async function eraseRecord(
  tx: Transaction,
  schema: Schema,
  { seq, collection, record, before }: Row,
  limit: number,
): Promise<number> {
  const found = schema.find(String(collection));
  const kept = found ? keptFields(schema, found) : new Set<string>();
  const updates = await tx.all({ text: UPDATES, values: [collection!, record!, seq!, limit] });
  for (const update of updates) {
    await tx.run({ text: ERASE, values: [restOf(update["before"], kept), update["seq"]!] });
  }
  if (updates.length < limit) await tx.run({ text: ERASE, values: [restOf(before, kept), seq!] });
  return updates.length + 1;
}

/** The values of these fields, as the log stores them. */
function restOf(before: unknown, kept: ReadonlySet<string>): string {
  const values = parseJson(String(before));
  const left = isObject(values) ? Object.entries(values).filter(([id]) => kept.has(id)) : [];
  return JSON.stringify(Object.fromEntries(left));
}

/** Served by the index of the rows that hold values. */
const UPDATES = `SELECT seq, before FROM _changes
  WHERE collection = ? AND record = ? AND before IS NOT NULL AND seq < ? AND action = 'update' AND form IN (0, 1)
  ORDER BY seq LIMIT ?`;
const ERASE = "UPDATE _changes SET form = 3, before = ? WHERE seq = ?";
