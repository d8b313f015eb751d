import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { retryOnSchemaChange, writeUnderSchema } from "../../records/model/schema-change.ts";
import { deleteRecord } from "../../records/write/delete-record.ts";
import { admitCode, hookDepth, isInTransaction } from "../../records/model/hook-scope.ts";
import { aggregateRecords } from "../../records/query/aggregate-records.ts";
import { listRecords } from "../../records/query/list-records.ts";
import { prepareDelete } from "../../records/write/prepare-delete.ts";
import { prepareSubmission } from "../../records/write/prepare-submission.ts";
import { presentRecords } from "../../records/present/present.ts";
import { assertWritable } from "../../records/model/writable-collection.ts";
import type { RecordContext } from "../../records/model/record-context.ts";
import { type Submission, toJsonValues, toSubmission } from "../../records/model/submission.ts";
import { applySubmission, submitDelete, writeSubmission } from "../../records/write/submit-record.ts";
import { readHistory } from "../../records/kept/history.ts";
import { restoreRecord } from "../../records/restore/restore-record.ts";
import { assertMayReadHistory, presentEntry } from "../../records/restore/show-history.ts";
import { viewRecord } from "../../records/query/view-record.ts";
import type { Reader, Transaction } from "../../store/store.ts";
import { type AccountRef, type Caller, principalFor } from "./caller.ts";
import type { Filter } from "./filter.ts";
import { requireCollection, type AppContext } from "../context/app-context.ts";
import type { SerialTransaction } from "./serial-transaction.ts";
import { Prepared } from "./prepared.ts";
import type { CreateInput, RecordOf, Subject, UpdateInput } from "../collections/record-types.ts";
import type {
  AggregateOptions,
  AggregateRow,
  DeleteOptions,
  FirstOptions,
  HistoryItem,
  HistoryOptions,
  ListOptions,
  Page,
  Records,
  UpdateOptions,
  ViewOptions,
} from "./records.ts";

const WOULD_DEADLOCK =
  "Use the transaction's own records here: any other write would wait for the transaction forever.";

/** Counted, to tell them apart. */
let reads = 0;

interface VersionOptions extends DeleteOptions {
  readonly withVersion?: boolean | undefined;
}

type Query = Readonly<Record<string, string>>;

interface CollectionRequest {
  readonly context: RecordContext;
  readonly collection: Collection;
}

/** One collection's records for one caller, in a transaction if one is given. */
export class RecordsHandle<S extends Subject> implements Records<S> {
  readonly #appContext: AppContext;
  readonly #collection: S;
  readonly #transaction: SerialTransaction | undefined;
  /** `undefined` is the application itself. */
  readonly #requester: Caller | AccountRef | undefined;

  constructor(appContext: AppContext, collection: S, transaction?: SerialTransaction, requester?: Caller | AccountRef) {
    this.#appContext = appContext;
    this.#collection = collection;
    this.#transaction = transaction;
    this.#requester = requester;
  }

  as(who: Caller | AccountRef): Records<S> {
    return new RecordsHandle(this.#appContext, this.#collection, this.#transaction, who);
  }

  list({ expand, withVersion, ...options }: ListOptions = {}): Promise<Page<RecordOf<S>>> {
    const query = queryOf(options);
    // One snapshot, so that the count, the page and the expanded relations are consistent.
    return this.#read(async (reader) => {
      const request = await this.#createRequest(reader, "GET", undefined, query, { withVersion });
      const page = await listRecords(reader, request.context, request.collection, query);
      return { ...page, items: await this.#present(reader, request, page.items, expand) };
    });
  }

  async first(filter: string | Filter, options: FirstOptions = {}): Promise<RecordOf<S> | undefined> {
    const { items } = await this.list({ ...options, filter, perPage: 1, skipTotal: true });
    return items[0];
  }

  aggregate({ having, ...options }: AggregateOptions = {}): Promise<Page<AggregateRow>> {
    const query = queryOf({ ...options, ...(having !== undefined && { having: textOf(having) }) });
    return this.#read(async (reader) => {
      const { context, collection } = await this.#createRequest(reader, "GET", undefined, query);
      return aggregateRecords(reader, context, collection, query);
    });
  }

  get(id: string, { expand, withVersion }: ViewOptions = {}): Promise<RecordOf<S>> {
    return this.#read(async (reader) => {
      const request = await this.#createRequest(reader, "GET", undefined, {}, { withVersion });
      const record = await viewRecord(reader, request.context, request.collection, id);
      return (await this.#present(reader, request, [record], expand))[0]!;
    });
  }

  create(values: CreateInput<S> | Prepared<S>, options: ViewOptions = {}): Promise<RecordOf<S>> {
    return this.#submit(undefined, values, options);
  }

  update(id: string, values: UpdateInput<S>, options: UpdateOptions = {}): Promise<RecordOf<S>> {
    return this.#submit(id, values, options);
  }

  delete(id: string, options: DeleteOptions = {}): Promise<void> {
    return this.#write(async (reader, tx) => {
      const { context, collection } = await this.#createRequest(reader, "DELETE", tx, {}, options);
      assertWritable(collection);
      if (!tx) return submitDelete(this.#appContext.core.folder, context, collection, id);
      await prepareDelete(tx, context, collection, id);
      await deleteRecord(tx, context, collection, id);
    });
  }

  restore(id: string, options: ViewOptions = {}): Promise<RecordOf<S>> {
    return this.#write(async (reader, tx) => {
      const request = await this.#createRequest(reader, "POST", tx, {}, options);
      const { context, collection } = request;
      const write = (target: Transaction) => restoreRecord(target, context, collection, id);
      const record = await (tx ? write(tx) : writeUnderSchema(this.#appContext.core.folder, context, write));
      return (await this.#present(reader, request, [record], options.expand))[0]!;
    });
  }

  history(id: string, { limit = 30, before }: HistoryOptions = {}): Promise<readonly HistoryItem[]> {
    return this.#read(async (reader) => {
      const { context, collection } = await this.#createRequest(reader, "GET");
      await assertMayReadHistory(reader, context, collection, id);
      const entries = await readHistory(reader, collection, id, { limit, ...(before !== undefined && { before }) });
      return entries.map((entry) => presentEntry(context, collection, entry));
    });
  }

  async prepare(values: CreateInput<S>): Promise<Prepared<S>> {
    if (this.#transaction || isInTransaction())
      throw new Error("Call prepare before the transaction, which can't wait for it.");
    const { store } = this.#appContext.core.folder;
    const { context, collection } = await this.#createRequest(store, "POST");
    assertWritable(collection);
    const submitted = toSubmitted(collection, values);
    // Like a batch: the records that it depends on may be written in the same transaction, which checks it then.
    const batchContext: RecordContext = { ...context, context: "batch", body: submitted.body };
    return new Prepared<S>(await prepareSubmission(store, batchContext, collection, undefined, submitted));
  }

  #submit(
    id: string | undefined,
    values: CreateInput<S> | UpdateInput<S> | Prepared<S>,
    options: UpdateOptions,
  ): Promise<RecordOf<S>> {
    return this.#write(async (reader, tx) => {
      const request = await this.#createRequest(reader, id === undefined ? "POST" : "PATCH", tx, {}, options);
      const { collection } = request;
      const input = values instanceof Prepared ? values.submission : toSubmitted(collection, values);
      const context: RecordContext = { ...request.context, body: input.body };
      if (tx && "files" in input) assertQuick(collection, input);
      assertWritable(collection);
      const submission = "files" in input ? await prepareSubmission(reader, context, collection, id, input) : input;
      this.#transaction?.submissions.push(submission);
      const record = tx
        ? await applySubmission(tx, context, collection, id, submission)
        : await writeSubmission(this.#appContext.core.folder, context, collection, id, submission);
      return (await this.#present(reader, request, [record], options.expand))[0]!;
    });
  }

  async #read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    if (this.#transaction) return work(this.#transaction.tx);
    const admitted = admitCode();
    if (admitted) await admitted;
    // Each read takes its turn on its own: all are the application's.
    return this.#appContext.core.folder.store.for({ key: `app/${(reads += 1)}` }).read(work);
  }

  async #write<T>(work: (reader: Reader, tx: Transaction | undefined) => Promise<T>): Promise<T> {
    if (this.#transaction) return this.#transaction.write((tx) => work(tx, tx));
    if (isInTransaction()) throw new Error(WOULD_DEADLOCK);
    const admitted = admitCode();
    if (admitted) await admitted;
    return retryOnSchemaChange(() => work(this.#appContext.core.folder.store, undefined));
  }

  async #createRequest(
    reader: Reader,
    method: string,
    tx?: Transaction,
    query: Query = {},
    { withVersion = false, ifMatch }: VersionOptions = {},
  ): Promise<CollectionRequest> {
    const collection = requireCollection(this.#appContext, this.#collection);
    const { core } = this.#appContext;
    const { registry, files, versions } = core.folder;
    const schema = registry.current;
    const principal = await principalFor(this.#appContext, reader, schema, this.#requester);
    const context: RecordContext = {
      principal,
      context: "default",
      method,
      query,
      headers: {},
      body: {},
      schema,
      now: new Date(),
      files,
      background: core.background,
      ...(withVersion && { versions }),
      ...(ifMatch !== undefined && { precondition: { versions, match: [ifMatch], isNew: false } }),
      hooks: { registry: core.hooks, principal, depth: hookDepth(), tx },
    };
    return { context, collection };
  }

  /** The cast holds because records are presented by the fields that their types are derived from. */
  async #present(
    reader: Reader,
    { context, collection }: CollectionRequest,
    records: readonly RecordValues[],
    expand = "",
  ): Promise<RecordOf<S>[]> {
    return (await presentRecords(reader, context, collection, records, expand)) as RecordOf<S>[];
  }
}

/**
 * Converts values to what a client would send. Code need not confirm a password.
 *
 * @throws ApiError 400 with the fields whose values JSON can't hold
 */
function toSubmitted(collection: Collection, values: Readonly<Record<string, unknown>>): Submission {
  const json = toJsonValues(values);
  const password = collection.type === "auth" ? json["password"] : undefined;
  return toSubmission({ ...(password !== undefined && { passwordConfirm: password }), ...json });
}

function assertQuick(collection: Collection, { body, files }: Submission): void {
  const isSlow =
    files.size > 0 || collection.fields.some(({ type, name }) => type === "password" && Object.hasOwn(body, name));
  if (!isSlow) return;
  throw new Error("A transaction can't wait for files and passwords: call records(…).prepare before it.");
}

type QueryOptions = Omit<ListOptions, "expand" | "withVersion" | "sort"> &
  Omit<AggregateOptions, "having"> & { readonly having?: string };

const textOf = (filter: string | Filter): string => (typeof filter === "object" ? filter.text : filter);

function queryOf({ filter, ...options }: QueryOptions): Query {
  const entries = Object.entries({ ...options, filter: filter === undefined ? undefined : textOf(filter) });
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const])),
  );
}
