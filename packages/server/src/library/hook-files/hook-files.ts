import { type FSWatcher, readdirSync, realpathSync, watch } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../lib/user-error.ts";
import { type Extendable, createExtendable } from "../extendable.ts";
import { Registrations } from "../context/registrations.ts";
import { freshImports } from "./fresh-imports.ts";
import type { AppContext } from "../context/app-context.ts";
import { locateError } from "./error-location.ts";

/** The default export of a hook file. If it returns a function, that is called when its hooks are replaced. */
export type HookFile = (app: Extendable) => unknown;

/** How long to wait for more changes, in milliseconds: editors save in several steps. */
const SETTLE_MS = 50;

interface LoadedHooks {
  readonly registrations: Registrations;
  readonly cleanups: readonly (() => unknown)[];
}

const NO_HOOKS: LoadedHooks = { registrations: new Registrations(), cleanups: [] };

/** A folder of TypeScript files that register hooks, routes and more. All are replaced together on each save. */
export class HookFiles {
  readonly #appContext: AppContext;
  readonly #apply: (registrations: Registrations) => void;
  #watcher: FSWatcher | undefined;
  #timer: Timer | undefined;
  #loading: Promise<void> = Promise.resolve();
  #current = NO_HOOKS;

  /** @param apply replaces the registrations of the previous load */
  constructor(appContext: AppContext, apply: (registrations: Registrations) => void) {
    this.#appContext = appContext;
    this.#apply = apply;
  }

  /** Loads the files, now and whenever one changes. @throws UserError if the folder or a file can't be loaded */
  async open(path: string): Promise<void> {
    try {
      // Bun identifies modules by their real paths.
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
    await this.#replace(NO_HOOKS);
  }

  #changed(dir: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#loading = this.#loading.then(() => this.#reload(dir));
    }, SETTLE_MS);
  }

  async #reload(dir: string): Promise<void> {
    const { logger } = this.#appContext;
    try {
      await this.#replace(await this.#load(dir));
      logger.info({ dir }, "hooks reloaded");
    } catch (error) {
      const { place, cause } = error instanceof HookFileError ? error : { place: dir, cause: error };
      logger.error({ err: cause, place }, "hooks could not be loaded; the previous ones stay in use");
    }
  }

  async #load(dir: string): Promise<LoadedHooks> {
    const load = freshImports(dir);
    const registrations = new Registrations();
    const cleanups: (() => unknown)[] = [];
    const app = createExtendable(this.#appContext, registrations);
    for (const file of hookFilesIn(dir)) {
      try {
        const cleanup = await runHookFile(await load(file), app);
        if (cleanup) cleanups.push(cleanup);
      } catch (error) {
        throw new HookFileError(locateError(error, dir) ?? file, error);
      }
    }
    return { registrations, cleanups };
  }

  async #replace(next: LoadedHooks): Promise<void> {
    const { cleanups } = this.#current;
    this.#current = next;
    this.#apply(next.registrations);
    for (const cleanup of cleanups) {
      try {
        await cleanup();
      } catch (error) {
        this.#appContext.logger.error({ err: error }, "the cleanup function of a hook file failed");
      }
    }
  }
}

/** A hook file that failed to load, and the place of the error in it or in a file that it imports. */
class HookFileError extends Error {
  constructor(
    readonly place: string,
    cause: unknown,
  ) {
    super(`${place}: ${messageOf(cause)}`, { cause });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** @returns the cleanup function, if the file returned one */
async function runHookFile(module: unknown, app: Extendable): Promise<(() => unknown) | undefined> {
  const { default: hooks } = module as { readonly default?: unknown };
  if (typeof hooks !== "function")
    throw new Error("The default export must be a function: export default (app) => { … }");
  const cleanup = await (hooks as HookFile)(app);
  return typeof cleanup === "function" ? () => cleanup() as unknown : undefined;
}

/** Sorted by name. Files in subfolders are not hook files: hook files import them. */
export const hookFilesIn = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts") && !name.endsWith(".test.ts"))
    .sort()
    .map((name) => join(dir, name));
