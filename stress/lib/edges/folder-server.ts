import { Database } from "bun:sqlite";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TempDir, tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import type { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { copySeedFolder, dataFolderIn, type SeedFolder } from "../seed-folder.ts";
import { knownFlags } from "../server-flags.ts";

/** A data folder with at most one server, which can be copied, restored and changed by others in between. */
export class FolderServer implements AsyncDisposable {
  readonly #seedFolder: SeedFolder;
  readonly #folder: TempDir = tempDir();
  readonly #copies: TempDir[] = [];
  readonly #args: readonly string[];
  #server: ServerProcess | undefined;

  private constructor(seedFolder: SeedFolder, args: readonly string[]) {
    this.#seedFolder = seedFolder;
    this.#args = args;
  }

  /** Starts a server on a copy of the seed folder, or of another. */
  static async start(seedFolder: SeedFolder, args: readonly string[] = [], from?: FolderServer): Promise<FolderServer> {
    const started = new FolderServer(seedFolder, await knownFlags(args, seedFolder.root));
    if (from) cpSync(from.dir, started.dir, { recursive: true });
    else copySeedFolder(seedFolder, started.#folder.path);
    await started.start();
    return started;
  }

  get dir(): string {
    return dataFolderIn(this.#folder.path);
  }

  get server(): ServerProcess {
    if (!this.#server) throw new Error("the server is not running");
    return this.#server;
  }

  get url(): string {
    return this.server.url;
  }

  get admin(): SuperuserClient {
    return this.#seedFolder.admin.at(this.url);
  }

  get hasCopies(): boolean {
    return this.#copies.length > 0;
  }

  async start(): Promise<void> {
    this.#server = await startServer({ dir: this.dir, root: this.#seedFolder.root, args: this.#args });
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await this.server.stop(signal);
    await this.server[Symbol.asyncDispose]();
    this.#server = undefined;
  }

  /** Call it while the server is stopped. */
  copy(): void {
    const copy = tempDir();
    cpSync(this.dir, dataFolderIn(copy.path), { recursive: true });
    this.#copies.push(copy);
  }

  /** Replaces the folder by one of its copies. Call it while the server is stopped. @param which a number from 0 to 99 */
  restore(which: number): void {
    const copy = this.#copies[which % this.#copies.length]!;
    rmSync(this.dir, { recursive: true });
    cpSync(dataFolderIn(copy.path), this.dir, { recursive: true });
  }

  /** Writes to the database as another program would. Call it while the server is stopped. */
  sql(statement: string, ...values: readonly string[]): void {
    using db = new Database(join(this.dir, "data.db"));
    db.run(statement, [...values]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    for (const folder of [this.#folder, ...this.#copies]) folder[Symbol.dispose]();
  }
}
