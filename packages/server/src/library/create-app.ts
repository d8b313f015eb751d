import { resolve } from "node:path";
import type { Logger } from "pino";
import { openApp } from "../app/app.ts";
import { changeCollections } from "../collections/commands/change-collections.ts";
import { declareCollections } from "../collections/commands/declare-collections.ts";
import { type Config, type Limits, readConfig, type Retention } from "../config.ts";
import { ApiError, explainApiError } from "../lib/api-error.ts";
import { UserError } from "../lib/user-error.ts";
import { checkRule } from "../rules/analysis/check-rule.ts";
import { type AnyCollection, declaredOf } from "./collections/define-collection.ts";
import { type Extendable, extendable } from "./extendable.ts";
import { Extension, useExtensions } from "./context/registrations.ts";
import type { AppContext } from "./context/app-context.ts";
import { HookFiles } from "./hook-files/hook-files.ts";
import { createLogger } from "./context/logger.ts";

/** How the server runs, where that is other than `headwater serve` does it, and what the program brings. */
export interface AppOptions extends Partial<Omit<Config, "limits" | "retention">> {
  readonly limits?: Partial<Limits>;
  readonly retention?: Partial<Retention>;
  /** Made where they are missing, and brought up to date. Other collections, and fields that are not named, stay. */
  readonly collections?: readonly AnyCollection[];
  /** Lets values be dropped: fields that are not named go, and those of another type are made anew. */
  readonly prune?: boolean;
  /** A folder of hook files, loaded now and whenever one is saved. */
  readonly hooks?: string;
  /** JSON lines on standard output unless given. */
  readonly logger?: Logger;
}

/** A server and its folder. */
export interface App extends Extendable {
  readonly config: Config;
  /** Listens from now on. @throws UserError when the address can't be had */
  start(): { readonly url: string };
  /** Finishes what is under way, ends the streams, closes the folder. */
  stop(): Promise<void>;
}

/**
 * Opens a folder, which one process at a time may do, and brings its collections up to date.
 *
 * @throws UserError for a folder, collection or hook file that can't be used
 */
export async function createApp(options: AppOptions = {}): Promise<App> {
  const { collections = [], prune = false, hooks, logger: own, ...given } = options;
  const config = configOf(given);
  const logger = own ?? createLogger(config.logLevel);
  const core = await openApp(config, logger);
  const ground: AppContext = { core, logger };
  const program = new Extension();
  const files = new HookFiles(ground, (loaded) => useExtensions(core, [program, loaded]));
  useExtensions(core, [program]);
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await files.close();
    await core.close();
  };
  const app: App = {
    ...extendable(ground, program),
    config,
    start: () => core.listen(),
    stop: () => (stopping ??= stop()),
  };
  try {
    if (collections.length > 0) await declare(ground, collections, prune);
    if (hooks !== undefined) await files.open(resolve(hooks));
    return app;
  } catch (error) {
    await app.stop();
    throw error;
  }
}

function configOf({
  limits,
  retention,
  ...given
}: Omit<AppOptions, "collections" | "prune" | "hooks" | "logger">): Config {
  const usual = readConfig({}, {});
  return Object.freeze({
    ...usual,
    ...given,
    dir: resolve(given.dir ?? usual.dir),
    limits: { ...usual.limits, ...limits },
    retention: { ...usual.retention, ...retention },
  });
}

async function declare({ core }: AppContext, collections: readonly AnyCollection[], prune: boolean): Promise<void> {
  const deps = { ...core.folder, background: core.background };
  const declared = collections.map(declaredOf);
  try {
    await changeCollections(deps, { checkRule, now: new Date() }, (tx, context) =>
      declareCollections(tx, context, declared, { prune }),
    );
  } catch (error) {
    throw error instanceof ApiError ? new UserError(explainApiError(error), { cause: error }) : error;
  }
}
