import type { RecordId } from "@headwater/protocol";
import { ApiError, badRequest } from "../../lib/api-error.ts";
import { savepoint } from "../../store/savepoint.ts";
import { isOutage, type Transaction } from "../../store/store.ts";
import type { RecordContext } from "../model/record-context.ts";
import { isOutdated, retryOnSchemaChange, type WriteTarget, writeUnderSchema } from "../model/schema-change.ts";
import type { PreparedSubmission } from "../model/submission.ts";
import { assertWritable, type WritableCollection } from "../model/writable-collection.ts";
import { findRecord } from "../query/find-record.ts";
import { type Preparation, prepareSubmission } from "../write/prepare-submission.ts";
import { applySubmission } from "../write/submit-record.ts";
import { type ColumnNames, readCells } from "./cells.ts";
import { ImportCounts, type ImportReport, type RefusedRow } from "./import-report.ts";
import type { PreparedRow } from "./prepared-row.ts";
import { type ReadRow, UnreadableFile } from "./read-row.ts";
import { slicesOf } from "./slices.ts";
import type { StagedRows } from "./staged-rows.ts";

export interface ImportOptions {
  /** Rows with the id of a record update it. */
  readonly upsert: boolean;
  /** Goes on after a row that is refused. */
  readonly continueOnError: boolean;
  /** Writes nothing. */
  readonly dryRun: boolean;
  /** Set for one transaction for all rows: it holds them until all are read. */
  readonly stage: StagedRows | undefined;
  /** Set if the values are the texts of a CSV file. */
  readonly csv: { readonly raw: boolean } | undefined;
  readonly names: ColumnNames;
  /** Refused rows that the report names. */
  readonly maxErrors: number;
}

/** Where rows go. */
export interface ImportTarget extends WriteTarget {
  /** Its id, as its name may change meanwhile. */
  readonly collection: string;
  /** A context with a superuser's rights, under the current schema. */
  readonly context: () => RecordContext;
  /** Called before each part is written. @throws whatever ends the import */
  readonly onProgress: (counts: ImportCounts) => Promise<void>;
  readonly onRefused?: (row: RefusedRow) => void;
  /** Called with an error that is not the row's fault. */
  readonly onFault: (error: unknown, line: number) => void;
}

/**
 * Creates records from rows, with the hooks, checks and events of any create. Other requests are served meanwhile.
 *
 * @throws ApiError 404 if the collection goes, 400 for a view; whatever `onProgress` throws; an outage of the store
 */
export async function importRecords(
  target: ImportTarget,
  rows: AsyncIterable<ReadRow>,
  options: ImportOptions,
): Promise<ImportReport> {
  const counts = new ImportCounts(options.maxErrors, target.onRefused);
  const run: ImportRun = { target, options, counts };
  try {
    for await (const slice of slicesOf(rows, options.upsert)) {
      counts.rows += slice.length;
      await target.onProgress(counts);
      const goesOn = options.stage
        ? await stageSlice(run, options.stage, slice)
        : await retryOnSchemaChange(() => writeSlice(run, slice));
      if (!goesOn) return counts.report(options.dryRun);
    }
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    counts.stoppedAt = error.line;
    counts.refuse({ line: error.line, message: error.message, data: {} });
    return counts.report(options.dryRun);
  }
  if (options.stage) {
    await target.onProgress(counts);
    await writeStaged(run, options.stage);
  }
  return counts.report(options.dryRun);
}

interface ImportRun {
  readonly target: ImportTarget;
  readonly options: ImportOptions;
  readonly counts: ImportCounts;
}

/** @throws ApiError 404 or 400 */
function collectionOf({ collection: id }: ImportTarget, { schema }: RecordContext): WritableCollection {
  const collection = schema.find(id);
  if (!collection) throw new ApiError(404, "The collection was deleted meanwhile.");
  assertWritable(collection);
  return collection;
}

async function writeSlice(run: ImportRun, slice: readonly ReadRow[]): Promise<boolean> {
  const context = run.target.context();
  const collection = collectionOf(run.target, context);
  const prepared: PreparedRow[] = [];
  for (const row of slice) {
    const each = await prepareRow(run, context, collection, row);
    prepared.push(each);
    if (each.problem && !run.options.continueOnError) break;
  }
  return writeRows(run, context, collection, prepared);
}

async function stageSlice(run: ImportRun, stage: StagedRows, slice: readonly ReadRow[]): Promise<boolean> {
  const context = run.target.context();
  const collection = collectionOf(run.target, context);
  for (const row of slice) {
    const prepared = await prepareRow(run, context, collection, row);
    if (prepared.problem) run.counts.refuse({ line: prepared.line, ...prepared.problem });
    else await stage.add(prepared);
    if (prepared.problem && !run.options.continueOnError) {
      run.counts.stoppedAt = prepared.line;
      return false;
    }
  }
  return true;
}

const writeStaged = (run: ImportRun, stage: StagedRows): Promise<unknown> =>
  retryOnSchemaChange(async () => {
    const context = run.target.context();
    return writeRows(run, context, collectionOf(run.target, context), await stage.read());
  });

/** Does the slow part of a row: hooks and password hashes. */
async function prepareRow(
  { target, options }: ImportRun,
  context: RecordContext,
  collection: WritableCollection,
  row: ReadRow,
): Promise<PreparedRow> {
  const { line } = row;
  if (row.problem !== undefined) return { line, problem: { message: row.problem, data: {} } };
  const read = readCells(collection, row.values, options.names, options.csv);
  if (read.problems) return { line, problem: { message: "Its values can't be read.", data: read.problems } };
  const { body, dates } = read;
  try {
    const id = await existingId(target, options, collection, body);
    const sent = { body, files: new Map() };
    const find: Preparation["find"] = (other, record) => findRecord(target.store, other, record);
    const own: RecordContext = { ...context, body, method: id === undefined ? "POST" : "PATCH" };
    // The transaction checks all.
    const submission = await prepareSubmission(target.store, own, collection, id, sent, { checks: "none", find });
    return { line, submission, dates };
  } catch (error) {
    return { line, problem: problemOf(target, error, line) };
  }
}

async function existingId(
  { store }: ImportTarget,
  { upsert }: ImportOptions,
  collection: WritableCollection,
  { id }: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  if (!upsert || typeof id !== "string" || id === "") return undefined;
  return (await findRecord(store, collection, id))?.id;
}

/** Thrown to undo what only shows what would happen. */
class Undo extends Error {}

/** @returns whether the import goes on */
async function writeRows(
  run: ImportRun,
  context: RecordContext,
  collection: WritableCollection,
  rows: Iterable<PreparedRow>,
): Promise<boolean> {
  const { target, options, counts } = run;
  let outcome = new SliceOutcome();
  const write = async (tx: Transaction): Promise<void> => {
    outcome = new SliceOutcome();
    for (const row of rows) {
      await writeRow(run, tx, context, collection, row, outcome);
      if (outcome.refused.length > 0 && !options.continueOnError) {
        outcome.stoppedAt = row.line;
        break;
      }
    }
    if (options.dryRun || (options.stage && outcome.stoppedAt !== undefined)) throw new Undo();
  };
  try {
    await writeUnderSchema(target, context, write, { alone: options.stage !== undefined });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
  }
  const isUndone = options.stage !== undefined && outcome.stoppedAt !== undefined;
  if (!isUndone) {
    counts.created += outcome.created;
    counts.updated += outcome.updated;
  }
  for (const row of outcome.refused) counts.refuse(row);
  counts.stoppedAt ??= outcome.stoppedAt;
  return outcome.stoppedAt === undefined;
}

class SliceOutcome {
  created = 0;
  updated = 0;
  stoppedAt: number | undefined;
  readonly refused: RefusedRow[] = [];
}

async function writeRow(
  { target, options }: ImportRun,
  tx: Transaction,
  context: RecordContext,
  collection: WritableCollection,
  row: PreparedRow,
  outcome: SliceOutcome,
): Promise<void> {
  const { line } = row;
  if (row.problem) {
    outcome.refused.push({ line, ...row.problem });
    return;
  }
  const { submission, dates } = row;
  try {
    const id = options.upsert ? await existingInTransaction(tx, collection, submission) : undefined;
    const own: RecordContext = {
      ...context,
      body: submission.body,
      method: id === undefined ? "POST" : "PATCH",
      dates,
    };
    const write = (inner: Transaction) => applySubmission(inner, own, collection, id, submission);
    await (needsSavepoint(options, own, collection) ? savepoint(tx, write) : write(tx));
    if (id === undefined) outcome.created += 1;
    else outcome.updated += 1;
  } catch (error) {
    outcome.refused.push({ line, ...problemOf(target, error, line) });
  }
}

/**
 * Can a row that fails leave something written? Otherwise the one statement that writes it fails as a whole. In a transaction of
 * many rows, a savepoint takes longer the more pages were written before it.
 */
function needsSavepoint(
  { stage, continueOnError }: ImportOptions,
  { hooks }: RecordContext,
  { type }: WritableCollection,
): boolean {
  if (stage && !continueOnError) return false;
  return type === "auth" || hooks?.registry.has("within") === true;
}

async function existingInTransaction(
  tx: Transaction,
  collection: WritableCollection,
  { body: { id } }: PreparedSubmission,
): Promise<RecordId | undefined> {
  return typeof id === "string" && id !== "" ? (await findRecord(tx, collection, id))?.id : undefined;
}

/** @throws what concerns the whole import */
function problemOf(target: ImportTarget, error: unknown, line: number): Omit<RefusedRow, "line"> {
  if (isOutage(error) || isOutdated(error)) throw error;
  if (!(error instanceof ApiError)) target.onFault(error, line);
  const { message, data } = error instanceof ApiError ? error : badRequest();
  return { message, data };
}
