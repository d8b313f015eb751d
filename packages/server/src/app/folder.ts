import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { SqlRunner } from "../collections/commands/run-sql.ts";
import { bootstrap, bootstrapAuxiliary } from "../collections/system/bootstrap.ts";
import { Registry } from "../collections/model/registry.ts";
import { storedClientFilters } from "../collections/system/stored-client-filters.ts";
import type { ClientFilters } from "../config.ts";
import { LocalFiles } from "../files/local-files.ts";
import { S3Connection } from "../files/s3/s3-connection.ts";
import type { S3Error } from "../files/s3/s3-error.ts";
import { S3Files } from "../files/s3/s3-files.ts";
import { SelectedFiles } from "../files/selected-files.ts";
import { Spool } from "../files/spool.ts";
import { UserError } from "../lib/user-error.ts";
import { isGuarded, OWN_WRITES } from "../log/foreign-writes.ts";
import { RecordVersions } from "../records/model/record-version.ts";
import { migrate } from "../store/migrations/migrations.ts";
import { lockFolder } from "../store/sqlite/folder-lock.ts";
import { type ObservedStore, openSqliteStore, type SqliteStoreOptions } from "../store/sqlite/sqlite-store.ts";
import { StoreError } from "../store/store.ts";

/** An open data folder: PocketBase's layout, with our own tables in its database. */
export interface Folder {
  readonly store: ObservedStore;
  readonly registry: Registry;
  readonly files: SelectedFiles;
  /** Content on its way to `files`. */
  readonly spool: Spool;
  readonly versions: RecordVersions;
  /** Runs the scripts of superusers. */
  readonly sql: SqlRunner;
  close(): Promise<void>;
}

export interface FolderOptions extends SqliteStoreOptions {
  /** What clients' filters read; by default what the folder was made with. */
  readonly clientFilters?: ClientFilters | undefined;
  readonly s3?: S3Watch;
}

export interface S3Watch {
  /** How long the store may take for an answer, in milliseconds; 0 is no limit. */
  readonly limitMs: number;
  /** Called when a request to it fails. */
  readonly failed?: (error: S3Error) => void;
}

/**
 * Opens a folder, and creates it if it is missing. Several processes may have it open, but only one may serve it.
 *
 * @throws UserError if the folder or its database can't be used
 */
export async function openFolder(dir: string, options: FolderOptions = {}): Promise<Folder> {
  ensureWritable(dir);
  const store = openDatabase(join(dir, "data.db"), options);
  try {
    if (await isGuarded(store)) store.bracketWrites(OWN_WRITES);
    const storedFilters = await store.write(
      async (tx) => {
        const isNew = await bootstrap(tx);
        await migrate(tx);
        return storedClientFilters(tx, isNew);
      },
      { alone: true },
    );
    store.bracketWrites(OWN_WRITES);
    await bootstrapAuxiliaryDatabase(join(dir, "auxiliary.db"));
    const registry = new Registry(options.clientFilters ?? storedFilters);
    await registry.reload(store);
    return {
      store,
      registry,
      versions: await RecordVersions.open(store),
      sql: new SqlRunner({ store, registry, path: join(dir, "data.db") }),
      files: openFiles(dir, options.s3),
      spool: new Spool(join(dir, ".headwater.spool")),
      close: () => store.close(),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function openFiles(dir: string, { limitMs, failed }: S3Watch = { limitMs: 60_000 }): SelectedFiles {
  const notes = join(dir, ".headwater.uploads");
  return new SelectedFiles(new LocalFiles(join(dir, "storage"), notes), {
    open: (options, onFailure) => new S3Files(new S3Connection(options, limitMs, onFailure), notes),
    failed,
  });
}

/** Locks the folder for the process that serves it. @returns a function that unlocks it */
export function lockDataFolder(dir: string): () => void {
  ensureWritable(dir);
  try {
    return lockFolder(join(dir, ".headwater.lock"));
  } catch (error) {
    if (error instanceof StoreError && error.kind === "busy") {
      throw new UserError(`Another server is already serving ${dir}.`);
    }
    throw error;
  }
}

function ensureWritable(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UserError(`The folder ${dir} can't be written: ${reason(error)}.`, { cause: error });
  }
}

function openDatabase(path: string, options?: SqliteStoreOptions): ObservedStore {
  try {
    return openSqliteStore(path, options);
  } catch (error) {
    throw new UserError(`${path} can't be opened: ${reason(error)}.`, { cause: error });
  }
}

/** PocketBase keeps its request logs in a separate database. */
async function bootstrapAuxiliaryDatabase(path: string): Promise<void> {
  const store = openDatabase(path);
  try {
    await store.write(bootstrapAuxiliary);
  } finally {
    await store.close();
  }
}

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (text.startsWith("EEXIST") || text.startsWith("ENOTDIR")) return "a file is in its place";
  return text.replace(/^[A-Z]+: /, "").replace(/, .*$/, "");
}
