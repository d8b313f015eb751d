import { resolve } from "node:path";
import type { Logger } from "pino";
import { openApp } from "../app/app.ts";
import { runCollectionChange } from "../collections/commands/run-collection-change.ts";
import { declareCollections } from "../collections/commands/declare-collections.ts";
import { type Config, type Limits, readConfig, type Retention } from "../config.ts";
import { ApiError, explainApiError } from "../lib/api-error.ts";
import { UserError } from "../lib/user-error.ts";
import { checkRule } from "../rules/analysis/check-rule.ts";
import { type AnyCollection, toDeclared } from "./collections/define-collection.ts";
import { type Extendable, createExtendable } from "./extendable.ts";
import { Registrations, applyRegistrations } from "./context/registrations.ts";
import type { AppContext } from "./context/app-context.ts";
import { HookFiles } from "./hook-files/hook-files.ts";
import { createLogger } from "./context/logger.ts";

/** Settings that differ from those of `headwater serve`, and the application's collections, hooks and logger. */
export interface AppOptions extends Partial<Omit<Config, "limits" | "retention">> {
  readonly limits?: Partial<Limits>;
  readonly retention?: Partial<Retention>;
  /** Created or updated when the app opens. Other collections, and fields that are not named here, stay as they are. */
  readonly collections?: readonly AnyCollection[];
  /** Allows changes that drop values: deletes fields that are not named, and recreates fields whose type changed. */
  readonly prune?: boolean;
  /** A folder of hook files, loaded now and reloaded on each save. */
  readonly hooks?: string;
  /** Logs JSON lines to standard output unless given. */
  readonly logger?: Logger;
}

/** A server with its data folder. */
export interface App extends Extendable {
  readonly config: Config;
  /** Starts listening. @throws UserError if the address is not available */
  start(): { readonly url: string };
  /** Finishes pending requests, closes the streams and the data folder. */
  stop(): Promise<void>;
}

/**
 * Opens a data folder and updates its collections. Only one process at a time can serve a folder.
 *
 * @throws UserError if the folder is in use, or a collection or hook file is invalid
 */
export async function createApp(options: AppOptions = {}): Promise<App> {
  const { collections = [], prune = false, hooks, logger: ownLogger, ...settings } = options;
  const config = buildConfig(settings);
  const logger = ownLogger ?? createLogger(config.logLevel);
  const core = await openApp(config, logger);
  const appContext: AppContext = { core, logger };
  const program = new Registrations();
  const files = new HookFiles(appContext, (loaded) => applyRegistrations(core, [program, loaded]));
  applyRegistrations(core, [program]);
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await files.close();
    await core.close();
  };
  const app: App = {
    ...createExtendable(appContext, program),
    config,
    start: () => core.listen(),
    stop: () => (stopping ??= stop()),
  };
  try {
    if (collections.length > 0) await applyCollections(appContext, collections, prune);
    if (hooks !== undefined) await files.open(resolve(hooks));
    return app;
  } catch (error) {
    await app.stop();
    throw error;
  }
}

function buildConfig({
  limits,
  retention,
  ...settings
}: Omit<AppOptions, "collections" | "prune" | "hooks" | "logger">): Config {
  const defaults = readConfig({}, {});
  return Object.freeze({
    ...defaults,
    ...settings,
    dir: resolve(settings.dir ?? defaults.dir),
    limits: { ...defaults.limits, ...limits },
    retention: { ...defaults.retention, ...retention },
  });
}

async function applyCollections(
  { core }: AppContext,
  collections: readonly AnyCollection[],
  prune: boolean,
): Promise<void> {
  const deps = { ...core.folder, background: core.background };
  const declared = collections.map(toDeclared);
  try {
    await runCollectionChange(deps, { checkRule, now: new Date() }, (tx, context) =>
      declareCollections(tx, context, declared, { prune }),
    );
  } catch (error) {
    throw error instanceof ApiError ? new UserError(explainApiError(error), { cause: error }) : error;
  }
}
