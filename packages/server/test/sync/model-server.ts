import type { RecordValues } from "@headwater/protocol";
import { runCollectionChange } from "../../src/collections/commands/run-collection-change.ts";
import type { AuthCollection, Collection } from "../../src/collections/model/collection.ts";
import { createCollection } from "../../src/collections/commands/create-collection.ts";
import { deleteCollection } from "../../src/collections/commands/delete-collection.ts";
import { updateCollection } from "../../src/collections/commands/update-collection.ts";
import { systemContext } from "../../src/auth/system-context.ts";
import { type Folder, openFolder } from "../../src/app/folder.ts";
import { ApiError } from "../../src/lib/api-error.ts";
import { KeyedQueue } from "../../src/lib/scheduling/keyed-queue.ts";
import { readEpoch } from "../../src/log/change-log.ts";
import { Cursors } from "../../src/log/cursors.ts";
import { startLineage } from "../../src/log/lineage.ts";
import { findRecord } from "../../src/records/query/find-record.ts";
import { HookRegistry } from "../../src/records/model/hook-registry.ts";
import { listRecords } from "../../src/records/query/list-records.ts";
import { presentRecords } from "../../src/records/present/present.ts";
import type { RecordContext } from "../../src/records/model/record-context.ts";
import { assertWritable, type WritableCollection } from "../../src/records/model/writable-collection.ts";
import { submitRecord, submitDelete } from "../../src/records/write/submit-record.ts";
import { createRecord } from "../../src/records/write/create-record.ts";
import { prepareSubmission } from "../../src/records/write/prepare-submission.ts";
import { checkRule } from "../../src/rules/analysis/check-rule.ts";
import { type Principal, principalOf } from "../../src/rules/principal.ts";
import type { Store } from "../../src/store/store.ts";
import { type RetentionAges, expireSync } from "../../src/sync/expiration.ts";
import { Mutators, MutatorSet } from "../../src/sync/mutators.ts";
import { pull, type PullResult } from "../../src/sync/pull.ts";
import { push } from "../../src/sync/push.ts";
import type { Mutation } from "../../src/sync/requests.ts";
import { COLLECTIONS, USER_FIELDS } from "./model-rules.ts";
import { type Fault, NO_FAULT } from "./model-faults.ts";

type Body = Readonly<Record<string, unknown>>;
/** Small limits, so that a few records need several pages and scans. */
const LIMITS = { pageBytes: 900, logSpan: 5, scanStep: 7, firstPuts: 3, missedRows: 4 };
const HOUR_MS = 3_600_000;

/** A data folder with the model's collections, and sync's pull and push as the API calls them. */
export class ModelServer {
  now = new Date("2026-01-01T00:00:00Z");
  /** Arguments of `flaky` mutations that have failed once. */
  readonly flaky = new Set<string>();
  readonly #dir: string;
  readonly #fault: Fault;
  #folder: Folder;
  #store: Store;
  #epoch = "";
  #cursors!: Cursors;
  #queues = { pulls: new KeyedQueue(), pushes: new KeyedQueue() };

  private constructor(dir: string, folder: Folder, fault: Fault) {
    this.#dir = dir;
    this.#folder = folder;
    this.#fault = fault;
    this.#store = fault.store(folder.store);
  }

  static async open(dir: string, users: readonly string[], fault: Fault = NO_FAULT): Promise<ModelServer> {
    const server = new ModelServer(dir, await openFolder(dir), fault);
    await server.#startLog();
    for (const body of COLLECTIONS) await server.define(body);
    await server.redefine("users", { fields: [...server.collection("users").fields, ...USER_FIELDS] });
    for (const id of users) {
      const account = { id, email: `${id}@example.com`, password: "1234567890", passwordConfirm: "1234567890" };
      await server.create("users", account);
    }
    return server;
  }

  get store(): Store {
    return this.#folder.store;
  }

  /** Removes expired sync data, as the server does. */
  expire(now: Date, ages: RetentionAges): Promise<void> {
    return expireSync(this.#store, now, ages);
  }

  collection(name: string): Collection {
    const found = this.#folder.registry.current.find(name);
    if (!found) throw new Error(`no collection ${name}`);
    return found;
  }

  get collections(): readonly Collection[] {
    return this.#folder.registry.current.collections.filter(({ system, type }) => !system && type !== "view");
  }

  /** Reopens the folder, as after a restart. @param newEpoch whether the log gets a new epoch */
  async restart(newEpoch = false): Promise<void> {
    if (newEpoch) {
      await this.store.write((tx) =>
        tx.run({ text: "UPDATE _headwater SET value = value || 'x' WHERE key = 'epoch'", values: [] }),
      );
    }
    await this.close();
    this.#folder = await openFolder(this.#dir);
    this.#store = this.#fault.store(this.#folder.store);
    this.#queues = { pulls: new KeyedQueue(), pushes: new KeyedQueue() };
    await this.#startLog();
  }

  async #startLog(): Promise<void> {
    this.#cursors = new Cursors(await startLineage(this.store));
    this.#epoch = await readEpoch(this.store);
  }

  close(): Promise<void> {
    return this.#folder.close();
  }

  advanceClock(hours: number): void {
    this.now = new Date(this.now.getTime() + hours * HOUR_MS);
  }

  define(body: Body): Promise<unknown> {
    return this.#change((tx, context) => createCollection(tx, context, { type: "base", ...this.#withIds(body) }));
  }

  redefine(name: string, body: Body): Promise<unknown> {
    return this.#change((tx, context) => updateCollection(tx, context, name, this.#withIds(body)));
  }

  undefine(name: string): Promise<unknown> {
    return this.#change((tx, context) => deleteCollection(tx, context, name));
  }

  #change(work: Parameters<typeof runCollectionChange>[2]): Promise<unknown> {
    return runCollectionChange({ ...this.#folder, background: () => {} }, { checkRule, now: this.now }, work);
  }

  /** Replaces collection names in `collectionId` by ids. */
  #withIds(body: Body): Body {
    const { registry } = this.#folder;
    return JSON.parse(JSON.stringify(body), (key, value: unknown) =>
      key === "collectionId" ? (registry.current.find(String(value))?.id ?? value) : value,
    ) as Body;
  }

  create(name: string, body: Body): Promise<RecordValues | undefined> {
    return this.#submit(name, undefined, body);
  }

  update(name: string, id: string, body: Body): Promise<RecordValues | undefined> {
    return this.#submit(name, id, body);
  }

  async remove(name: string, id: string): Promise<void> {
    await undefinedIfRefused(() => submitDelete(this.#folder, this.#asSystem(), this.#writable(name), id));
  }

  #submit(name: string, id: string | undefined, body: Body): Promise<RecordValues | undefined> {
    const context = { ...this.#asSystem(), body };
    return undefinedIfRefused(() =>
      submitRecord(this.#folder, context, this.#writable(name), id, { body, files: new Map() }),
    );
  }

  #writable(name: string): WritableCollection {
    const collection = this.collection(name);
    assertWritable(collection);
    return collection;
  }

  #asSystem(): RecordContext {
    return systemContext(this.#writing());
  }

  #writing() {
    return { schema: this.#folder.registry.current, now: this.now, files: this.#folder.files, background: () => {} };
  }

  ids(name: string): Promise<readonly string[]> {
    return this.store
      .all({ text: `SELECT id FROM "${this.collection(name).name}" ORDER BY id`, values: [] })
      .then((rows) => rows.map(({ id }) => String(id)));
  }

  async principal(id: string): Promise<Principal> {
    const users = this.collection("users") as AuthCollection;
    return principalOf(users, (await findRecord(this.store, users, id))!);
  }

  async #contextOf(id: string): Promise<() => RecordContext> {
    const principal = await this.principal(id);
    const hooks = { registry: new HookRegistry(), principal, depth: 0, tx: undefined };
    const emptyRequest = { context: "default", method: "GET", query: {}, headers: {}, body: {} } as const;
    return () => ({ ...this.#writing(), ...emptyRequest, principal, hooks });
  }

  async pull(user: string, group: string, cookie: unknown): Promise<PullResult | undefined> {
    const deps = {
      store: this.#store,
      epoch: this.#epoch,
      cursors: this.#cursors,
      queue: this.#queues.pulls,
      limits: LIMITS,
    };
    const context = this.#fault.context(await this.#contextOf(user));
    const pulled = await pull(deps, context, { group, cookie });
    return "error" in pulled ? undefined : this.#fault.pulled(pulled, this);
  }

  /** @returns whether the server accepted all mutations */
  async push(user: string, group: string, mutations: readonly Mutation[]): Promise<boolean> {
    const context = await this.#contextOf(user);
    const deps = { ...this.#folder, store: this.#store, mutators: this.#mutators(context), queue: this.#queues.pushes };
    try {
      const unread = mutations.map((mutation) => ({ size: 100, read: async () => mutation }));
      const pushed = await push(deps, async () => context(), { group, mutations: unread });
      if ("error" in pushed) throw new Error(`the server did not know a client: ${JSON.stringify(mutations)}`);
      return true;
    } catch (error) {
      if (error instanceof FlakyError) return false;
      throw error;
    }
  }

  /** `journal` creates a record for each call. `flaky` does too, but its first attempt fails and is rolled back. */
  #mutators(context: () => RecordContext): Mutators {
    const set = new MutatorSet();
    const write = async (args: unknown, tx: Parameters<Parameters<Store["write"]>[0]>[0]): Promise<void> => {
      const system = systemContext(context());
      const submitted = { body: args as Body, files: new Map() };
      const journal = this.#writable("journal");
      const submission = await prepareSubmission(tx, system, journal, undefined, submitted);
      await createRecord(tx, system, journal, submission);
    };
    set.add("journal", ({ args, tx }) => write(args, tx));
    set.add("flaky", async ({ args, tx }) => {
      const key = JSON.stringify(args);
      await write(args, tx);
      if (this.flaky.has(key)) return;
      this.flaky.add(key);
      throw new FlakyError();
    });
    const mutators = new Mutators();
    mutators.replace([set]);
    return mutators;
  }

  /** Every record that the user may list now, in the API's format. */
  async list(user: string): Promise<ReadonlyMap<string, string>> {
    const context = (await this.#contextOf(user))();
    const listed = new Map<string, string>();
    await this.store.read(async (reader) => {
      for (const collection of this.collections) {
        if (collection.listRule === null) continue;
        const page = await listRecords(reader, context, collection, { perPage: "1000", skipTotal: "1" });
        if (page.items.length === 1000) throw new Error(`${collection.name} has too many records for one page`);
        const presented = await presentRecords(reader, context, collection, page.items, "");
        for (const value of presented) listed.set(`${collection.name}/${String(value["id"])}`, JSON.stringify(value));
      }
    });
    return listed;
  }
}

class FlakyError extends Error {}

/** Random writes may be refused: maps an API error to undefined. */
async function undefinedIfRefused<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
