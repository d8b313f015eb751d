import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { onCurrentSchema } from "../../records/model/current-schema.ts";
import { deleteRecord } from "../../records/write/delete-record.ts";
import { hookDepth, isInTransaction } from "../../records/hooks/hook-scope.ts";
import { listRecords } from "../../records/query/list-records.ts";
import { prepareRemoval } from "../../records/write/prepare-removal.ts";
import { prepareSubmission } from "../../records/write/prepare-submission.ts";
import { presentRecords } from "../../records/present/present.ts";
import { assertWritable } from "../../records/model/writable-collection.ts";
import type { RecordContext } from "../../records/model/record-context.ts";
import { type Submitted, submittedOf } from "../../records/model/submission.ts";
import { applySubmission, submitRemoval, writeSubmission } from "../../records/write/submit-record.ts";
import { viewRecord } from "../../records/query/view-record.ts";
import type { Reader, Transaction } from "../../store/store.ts";
import { type AccountRef, type Caller, principalFor } from "./caller.ts";
import type { Filter } from "./filter.ts";
import { collectionOf, type AppContext } from "../context/app-context.ts";
import type { OpenTransaction } from "./serial-transaction.ts";
import { Prepared } from "./prepared.ts";
import type { CreateInput, RecordOf, Subject, UpdateInput } from "../collections/record-types.ts";
import type { FirstOptions, ListOptions, Page, Records, ViewOptions } from "./records.ts";

const WOULD_WAIT = "Inside a transaction, write by its own records: another write would wait for it for ever.";

type Query = Readonly<Record<string, string>>;

interface Asking {
  readonly context: RecordContext;
  readonly collection: Collection;
}

/** One collection's records, for one caller, in the folder or in a transaction. */
export class RecordsHandle<S extends Subject> implements Records<S> {
  readonly #ground: AppContext;
  readonly #subject: S;
  readonly #open: OpenTransaction | undefined;
  /** `undefined` is the application itself. */
  readonly #who: Caller | AccountRef | undefined;

  constructor(ground: AppContext, subject: S, open?: OpenTransaction, who?: Caller | AccountRef) {
    this.#ground = ground;
    this.#subject = subject;
    this.#open = open;
    this.#who = who;
  }

  as(who: Caller | AccountRef): Records<S> {
    return new RecordsHandle(this.#ground, this.#subject, this.#open, who);
  }

  list({ expand, ...options }: ListOptions = {}): Promise<Page<RecordOf<S>>> {
    const query = queryOf(options);
    // One snapshot: the count, the page and what it expands to must tell of one state.
    return this.#read(async (reader) => {
      const asking = await this.#ask(reader, "GET", undefined, query);
      const page = await listRecords(reader, asking.context, asking.collection, query);
      return { ...page, items: await this.#present(reader, asking, page.items, expand) };
    });
  }

  async first(filter: string | Filter, options: FirstOptions = {}): Promise<RecordOf<S> | undefined> {
    const { items } = await this.list({ ...options, filter, perPage: 1, skipTotal: true });
    return items[0];
  }

  get(id: string, { expand }: ViewOptions = {}): Promise<RecordOf<S>> {
    return this.#read(async (reader) => {
      const asking = await this.#ask(reader, "GET");
      const record = await viewRecord(reader, asking.context, asking.collection, id);
      return (await this.#present(reader, asking, [record], expand))[0]!;
    });
  }

  create(values: CreateInput<S> | Prepared<S>, options: ViewOptions = {}): Promise<RecordOf<S>> {
    return this.#submit(undefined, values, options);
  }

  update(id: string, values: UpdateInput<S>, options: ViewOptions = {}): Promise<RecordOf<S>> {
    return this.#submit(id, values, options);
  }

  delete(id: string): Promise<void> {
    return this.#write(async (reader, tx) => {
      const { context, collection } = await this.#ask(reader, "DELETE", tx);
      assertWritable(collection);
      if (!tx) return submitRemoval(this.#ground.core.folder, context, collection, id);
      await prepareRemoval(tx, context, collection, id);
      await deleteRecord(tx, context, collection, id);
    });
  }

  async prepare(values: CreateInput<S>): Promise<Prepared<S>> {
    if (this.#open || isInTransaction()) throw new Error("Prepare before the transaction, which can't wait for it.");
    const { store } = this.#ground.core.folder;
    const { context, collection } = await this.#ask(store, "POST");
    assertWritable(collection);
    const submitted = submittedIn(collection, values);
    // As in a batch: what makes it right may be written by the same transaction, which judges it.
    const asking: RecordContext = { ...context, context: "batch", body: submitted.body };
    return new Prepared<S>(await prepareSubmission(store, asking, collection, undefined, submitted));
  }

  #submit(
    id: string | undefined,
    values: CreateInput<S> | UpdateInput<S> | Prepared<S>,
    { expand }: ViewOptions,
  ): Promise<RecordOf<S>> {
    return this.#write(async (reader, tx) => {
      const asked = await this.#ask(reader, id === undefined ? "POST" : "PATCH", tx);
      const { collection } = asked;
      const given = values instanceof Prepared ? values.submission : submittedIn(collection, values);
      const context: RecordContext = { ...asked.context, body: given.body };
      if (tx && "files" in given) assertQuick(collection, given);
      assertWritable(collection);
      const submission = "files" in given ? await prepareSubmission(reader, context, collection, id, given) : given;
      this.#open?.used.push(submission);
      const record = tx
        ? await applySubmission(tx, context, collection, id, submission)
        : await writeSubmission(this.#ground.core.folder, context, collection, id, submission);
      return (await this.#present(reader, asked, [record], expand))[0]!;
    });
  }

  #read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    return this.#open ? work(this.#open.tx) : this.#ground.core.folder.store.read(work);
  }

  #write<T>(work: (reader: Reader, tx: Transaction | undefined) => Promise<T>): Promise<T> {
    if (this.#open) return this.#open.write((tx) => work(tx, tx));
    if (isInTransaction()) return Promise.reject(new Error(WOULD_WAIT));
    return onCurrentSchema(() => work(this.#ground.core.folder.store, undefined));
  }

  async #ask(reader: Reader, method: string, tx?: Transaction, query: Query = {}): Promise<Asking> {
    const collection = collectionOf(this.#ground, this.#subject);
    const { core } = this.#ground;
    const { registry, files } = core.folder;
    const schema = registry.current;
    const principal = await principalFor(this.#ground, reader, schema, this.#who);
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
      hooks: { hooks: core.hooks, principal, depth: hookDepth(), tx },
    };
    return { context, collection };
  }

  /** The types of a collection that is defined in code are those of its fields, which is how its records are shown. */
  async #present(
    reader: Reader,
    { context, collection }: Asking,
    records: readonly RecordValues[],
    expand = "",
  ): Promise<RecordOf<S>[]> {
    return (await presentRecords(reader, context, collection, records, expand)) as RecordOf<S>[];
  }
}

/** Values as a client would send them. Who writes by code confirms no password. */
function submittedIn(collection: Collection, values: Readonly<Record<string, unknown>>): Submitted {
  const entries = Object.entries(values).map(
    ([name, value]) => [name, value instanceof Date ? value.toISOString() : value] as const,
  );
  const password = collection.type === "auth" ? values["password"] : undefined;
  return submittedOf({ ...(password !== undefined && { passwordConfirm: password }), ...Object.fromEntries(entries) });
}

function assertQuick(collection: Collection, { body, files }: Submitted): void {
  const isSlow = files.size > 0 || collection.fields.some(({ type, name }) => type === "password" && name in body);
  if (!isSlow) return;
  throw new Error("A transaction can't wait for files and passwords: use records(…).prepare before it.");
}

function queryOf({ filter, ...options }: Omit<ListOptions, "expand">): Query {
  const entries = Object.entries({ ...options, filter: typeof filter === "object" ? filter.text : filter });
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const])),
  );
}
