import { afterAll } from "bun:test";
import { recordId } from "@headwater/protocol";
import { join } from "node:path";
import type { AuthCollection, Collection } from "../collections/model/collection.ts";
import { createCollection } from "../collections/commands/create-collection.ts";
import { loadSchema } from "../collections/model/registry.ts";
import { updateCollection } from "../collections/commands/update-collection.ts";
import { openFolder } from "../app/folder.ts";
import { ApiError } from "../lib/api-error.ts";
import { readHead } from "../log/change-log.ts";
import type { Change } from "../log/change.ts";
import { readChangesAfter } from "../records/changes/read-changes.ts";
import { createRecord } from "../records/write/create-record.ts";
import { deleteRecord } from "../records/write/delete-record.ts";
import { findRecord } from "../records/query/find-record.ts";
import { listRecords } from "../records/query/list-records.ts";
import { prepareSubmission } from "../records/write/prepare-submission.ts";
import { presentRecords } from "../records/present/present.ts";
import { assertWritable, type WritableCollection } from "../records/model/writable-collection.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { updateRecord } from "../records/write/update-record.ts";
import { viewRecord } from "../records/query/view-record.ts";
import { checkRule } from "../rules/analysis/check-rule.ts";
import { GUEST, type Principal, principalOf } from "../rules/principal.ts";
import { sql } from "../store/sql.ts";
import type { Store } from "../store/store.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";

export const NOW = new Date("2026-01-02T03:04:05.678Z");
export const PASSWORD = "1234567890";

/** A request for a record, as the API would pass it on. */
export interface RecordRequest {
  readonly as?: Principal;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, readonly File[]>>;
}

/** What the API would respond. */
export interface TestResponse {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads into bodies of every shape
  readonly body: any;
}

/** A data folder with collections for one test file, and the commands on their records as the API calls them. */
export class RecordFixture {
  readonly #background: Promise<void>[] = [];

  private constructor(
    readonly dir: string,
    readonly store: Store,
    readonly files: RecordContext["files"],
    private schema: RecordContext["schema"],
  ) {}

  /** @param collections bodies for the collections API; their relations may name earlier collections */
  static async open(collections: readonly Readonly<Record<string, unknown>>[]): Promise<RecordFixture> {
    const dir = testDir();
    const folder = await openFolder(dir);
    afterAll(() => folder.close());
    const fixture = new RecordFixture(dir, folder.store, folder.files, folder.registry.current);
    for (const body of collections) await fixture.addCollection(body);
    return fixture;
  }

  async addCollection(body: Readonly<Record<string, unknown>>): Promise<void> {
    const context = { schema: this.schema, checkRule, now: NOW };
    await this.store.write((tx) => createCollection(tx, context, this.#withIds(body)), { alone: true });
    this.schema = await loadSchema(this.store);
  }

  /** Adds fields to a collection, such as relations to collections that were created later. */
  async addFields(name: string, fields: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    const context = { schema: this.schema, checkRule, now: NOW };
    const body = this.#withIds({ fields: [...this.collection(name).fields, ...fields] });
    await this.store.write((tx) => updateCollection(tx, context, name, body), { alone: true });
    this.schema = await loadSchema(this.store);
  }

  /** Stores a rule without validation, like one that became invalid when something it names was removed. */
  async setRule(
    name: string,
    rule: "listRule" | "viewRule" | "createRule" | "updateRule",
    text: string,
  ): Promise<void> {
    await this.store.write((tx) => tx.run(sql`UPDATE _collections SET ${sql.id(rule)} = ${text} WHERE name = ${name}`));
    this.schema = await loadSchema(this.store);
  }

  /** Replaces collection names in relations by ids. */
  #withIds(body: Readonly<Record<string, unknown>>): unknown {
    return JSON.parse(JSON.stringify(body), (key, value: unknown) =>
      key === "collectionId" ? (this.schema.find(String(value))?.id ?? value) : value,
    );
  }

  collection(name: string): Collection {
    const found = this.schema.find(name);
    if (!found) throw new Error(`no collection ${name}`);
    return found;
  }

  /** The account of that id as it is stored now. */
  async principal(collection: string, id: string): Promise<Principal> {
    const accounts = this.#accounts(collection);
    return principalOf(accounts, (await findRecord(this.store, accounts, id))!);
  }

  /** A superuser without a stored record. */
  superuser(): Principal {
    return principalOf(this.#accounts("_superusers"), { id: recordId("super0000000000") });
  }

  #accounts(name: string): AuthCollection {
    const collection = this.collection(name);
    if (collection.type !== "auth") throw new Error(`${name} is not an auth collection`);
    return collection;
  }

  context({ as = GUEST, query = {}, body = {} }: RecordRequest = {}, method = "GET"): RecordContext {
    return {
      principal: as,
      context: "default",
      method,
      query,
      headers: {},
      body,
      schema: this.schema,
      now: NOW,
      files: this.files,
      background: (work) => void this.#background.push(work()),
    };
  }

  async list(collection: string, request: RecordRequest = {}): Promise<TestResponse> {
    return respond(() =>
      this.store.read(async (reader) => {
        const context = this.context(request);
        const page = await listRecords(reader, context, this.collection(collection), context.query);
        const items = await presentRecords(reader, context, this.collection(collection), page.items, expandOf(request));
        return { ...page, items };
      }),
    );
  }

  async view(collection: string, id: string, request: RecordRequest = {}): Promise<TestResponse> {
    return respond(async () => {
      const context = this.context(request);
      const record = await viewRecord(this.store, context, this.collection(collection), id);
      return (await presentRecords(this.store, context, this.collection(collection), [record], expandOf(request)))[0];
    });
  }

  create(collection: string, request: RecordRequest = {}): Promise<TestResponse> {
    return this.#submit(collection, undefined, request);
  }

  update(collection: string, id: string, request: RecordRequest = {}): Promise<TestResponse> {
    return this.#submit(collection, id, request);
  }

  async remove(collection: string, id: string, request: RecordRequest = {}): Promise<TestResponse> {
    const reply = await respond(async () => {
      const writable = this.#writable(collection);
      const context = this.context(request, "DELETE");
      await this.store.write((tx) => deleteRecord(tx, context, writable, id));
    });
    return reply.status === 200 ? { status: 204, body: undefined } : reply;
  }

  #writable(name: string): WritableCollection {
    const collection = this.collection(name);
    assertWritable(collection);
    return collection;
  }

  async #submit(name: string, id: string | undefined, request: RecordRequest): Promise<TestResponse> {
    return respond(async () => {
      const collection = this.#writable(name);
      const context = this.context(request, id === undefined ? "POST" : "PATCH");
      const submitted = { body: context.body, files: new Map(Object.entries(request.files ?? {})) };
      const submission = await prepareSubmission(this.store, context, collection, id, submitted);
      try {
        const record = await this.store.write((tx) =>
          id === undefined
            ? createRecord(tx, context, collection, submission)
            : updateRecord(tx, context, collection, id, submission),
        );
        return (await presentRecords(this.store, context, collection, [record], expandOf(request)))[0];
      } catch (error) {
        await submission.discard();
        throw error;
      }
    });
  }

  /** Resolves when background work, such as the removal of files, is done. */
  async idle(): Promise<void> {
    await Promise.all(this.#background);
  }

  /** The changes that the work adds to the log. */
  async changesOf(work: () => Promise<unknown>): Promise<Change[]> {
    const head = await readHead(this.store);
    await work();
    return this.store.read((reader) => readChangesAfter(reader, { stored: this.schema, show: "all" }, head, 1000));
  }

  /** The stored columns as the database holds them. */
  async row(collection: string, id: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    return this.store.first(sql`SELECT * FROM ${sql.id(collection)} WHERE id = ${id}`);
  }

  path(collection: string, id: string, name = ""): string {
    return join(this.dir, "storage", this.collection(collection).id, id, name);
  }
}

const expandOf = ({ query }: RecordRequest): string => query?.["expand"] ?? "";

async function respond(work: () => Promise<unknown>): Promise<TestResponse> {
  try {
    return { status: 200, body: await work() };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { status: error.status, body: error.toBody() };
  }
}

/** The error codes of a refusal, by field. */
export function codesOf({ body }: TestResponse): Record<string, string> {
  const data: Record<string, { code: string }> = body.data;
  return Object.fromEntries(Object.entries(data).map(([field, { code }]) => [field, code]));
}
