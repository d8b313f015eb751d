import { afterAll } from "bun:test";
import { join } from "node:path";
import { bootstrap } from "../collections/system/bootstrap.ts";
import type { Collection } from "../collections/model/collection.ts";
import type { CollectionContext } from "../collections/validate/collection-context.ts";
import { createCollection } from "../collections/commands/create-collection.ts";
import { deleteCollection } from "../collections/commands/delete-collection.ts";
import { importCollections } from "../collections/commands/import-collections.ts";
import { loadSchema } from "../collections/model/registry.ts";
import type { Schema } from "../collections/model/schema.ts";
import { updateCollection } from "../collections/commands/update-collection.ts";
import { ApiError } from "../lib/api-error.ts";
import { type Row, verbatim } from "../store/sql.ts";
import { migrate } from "../store/migrations/migrations.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import type { Store, Transaction } from "../store/store.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";

export const NOW = new Date("2026-01-02T03:04:05.678Z");

/** A new database and the commands on its collections. Rules that contain `nope` are invalid. */
export class CollectionFixture {
  private constructor(readonly store: Store) {}

  static async open(): Promise<CollectionFixture> {
    const store = openSqliteStore(join(testDir(), "data.db"));
    afterAll(() => store.close());
    await store.write(async (tx) => {
      await bootstrap(tx, NOW);
      await migrate(tx);
    });
    return new CollectionFixture(store);
  }

  schema(): Promise<Schema> {
    return loadSchema(this.store);
  }

  create(body: unknown): Promise<Collection> {
    return this.#change((tx, context) => createCollection(tx, context, body));
  }

  update(nameOrId: string, body: unknown): Promise<Collection> {
    return this.#change((tx, context) => updateCollection(tx, context, nameOrId, body));
  }

  delete(nameOrId: string): Promise<Collection> {
    return this.#change((tx, context) => deleteCollection(tx, context, nameOrId));
  }

  import(body: unknown): Promise<void> {
    return this.#change((tx, context) => importCollections(tx, context, body));
  }

  /** Runs any SQL statement. */
  sql(text: string): Promise<readonly Row[]> {
    return this.store.write((tx) => tx.all(verbatim(text)));
  }

  #change<T>(work: (tx: Transaction, context: CollectionContext) => Promise<T>): Promise<T> {
    return this.store.write(async (tx) => work(tx, { schema: await loadSchema(tx), checkRule, now: NOW }), {
      alone: true,
    });
  }
}

/** Replaces the rule compiler: knows the fields in the rules of these tests. */
const checkRule: CollectionContext["checkRule"] = (text, { fields }) => {
  const isLost = text.includes("recordRef") && !fields.some(({ name }) => name === "recordRef");
  return isLost || /nope|\(\(|^x = 1/.test(text) ? "no such thing" : undefined;
};

/** The ApiError that the work fails with. Throws if it succeeds. */
export async function refusal(work: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await work.then(
    () => new Error("it was not refused"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof ApiError) return error;
  throw error;
}
