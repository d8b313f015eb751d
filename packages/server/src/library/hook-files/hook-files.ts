import { type FSWatcher, readdirSync, realpathSync, watch } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../lib/user-error.ts";
import { type Extendable, extendable } from "../extendable.ts";
import { Extension } from "../context/registrations.ts";
import { freshImports } from "./fresh-imports.ts";
import type { AppContext } from "../context/app-context.ts";
import { placeOf } from "./error-location.ts";

/** What a hook file exports as its default. A function that it returns is called when its hooks are replaced. */
export type HookFile = (app: Extendable) => unknown;

/** Editors save in several steps. */
const SETTLE_MS = 50;

interface Loaded {
  readonly extension: Extension;
  readonly cleanups: readonly (() => unknown)[];
}

const NOTHING: Loaded = { extension: new Extension(), cleanups: [] };

/** A folder of TypeScript files whose hooks and routes are in force together, and replaced together on each save. */
export class HookFiles {
  readonly #ground: AppContext;
  readonly #use: (extension: Extension) => void;
  #watcher: FSWatcher | undefined;
  #timer: Timer | undefined;
  #loading: Promise<void> = Promise.resolve();
  #current = NOTHING;

  /** @param use puts what was loaded in force */
  constructor(ground: AppContext, use: (extension: Extension) => void) {
    this.#ground = ground;
    this.#use = use;
  }

  /** Loads the files, and again whenever one changes. @throws UserError for a folder or file that can't be loaded */
  async open(path: string): Promise<void> {
    try {
      // Modules are known by where they really lie.
      const dir = realpathSync(path);
      this.#watcher = watch(dir, { recursive: true }, () => this.#changed(dir));
      await this.#replace(await this.#load(dir));
    } catch (error) {
      throw new UserError(`The hooks can't be loaded: ${messageOf(error)}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    this.#watcher?.close();
    clearTimeout(this.#timer);
    await this.#loading;
    await this.#replace(NOTHING);
  }

  #changed(dir: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#loading = this.#loading.then(() => this.#reload(dir));
    }, SETTLE_MS);
  }

  async #reload(dir: string): Promise<void> {
    const { logger } = this.#ground;
    try {
      await this.#replace(await this.#load(dir));
      logger.info({ dir }, "hooks loaded again");
    } catch (error) {
      const { place, cause } = error instanceof BrokenFile ? error : { place: dir, cause: error };
      logger.error({ err: cause, place }, "hooks could not be loaded; those from before stay");
    }
  }

  async #load(dir: string): Promise<Loaded> {
    const load = freshImports(dir);
    const extension = new Extension();
    const cleanups: (() => unknown)[] = [];
    const app = extendable(this.#ground, extension);
    for (const file of hookFilesIn(dir)) {
      try {
        const cleanup = await setUp(await load(file), app);
        if (cleanup) cleanups.push(cleanup);
      } catch (error) {
        throw new BrokenFile(placeOf(error, dir) ?? file, error);
      }
    }
    return { extension, cleanups };
  }

  async #replace(next: Loaded): Promise<void> {
    const { cleanups } = this.#current;
    this.#current = next;
    this.#use(next.extension);
    for (const cleanup of cleanups) {
      try {
        await cleanup();
      } catch (error) {
        this.#ground.logger.error({ err: error }, "what hooks left behind could not be cleaned up");
      }
    }
  }
}

/** A hook file that could not be loaded, and where in it or in what it imports that was found. */
class BrokenFile extends Error {
  constructor(
    readonly place: string,
    cause: unknown,
  ) {
    super(`${place}: ${messageOf(cause)}`, { cause });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** @returns what to call when the file's hooks are replaced */
async function setUp(module: unknown, app: Extendable): Promise<(() => unknown) | undefined> {
  const { default: hooks } = module as { readonly default?: unknown };
  if (typeof hooks !== "function") throw new Error("it exports no function as its default");
  const cleanup = await (hooks as HookFile)(app);
  return typeof cleanup === "function" ? () => cleanup() as unknown : undefined;
}

/** In the order of their names; files in folders below are for these to import. */
export const hookFilesIn = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts") && !name.endsWith(".test.ts"))
    .sort()
    .map((name) => join(dir, name));
