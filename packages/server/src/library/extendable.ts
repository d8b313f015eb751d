import type { Action } from "@headwater/protocol";
import type { Logger } from "pino";
import { ALL_COLLECTIONS } from "../records/model/hook-registry.ts";
import type { Registrations } from "./context/registrations.ts";
import { type AppContext, nameOf } from "./context/app-context.ts";
import {
  type AfterEvents,
  toAfterEvent,
  type BeforeEvents,
  toBeforeEvent,
  type WithinEvents,
  toWithinEvent,
} from "./handlers/hook-events.ts";
import { toMutation, type NamedMutator } from "./handlers/mutators.ts";
import type { Subject } from "./collections/record-types.ts";
import { type AppRealtime, createRealtime } from "./realtime/realtime.ts";
import { createRecordsOf } from "./records/records-of.ts";
import type { RecordsOf } from "./records/records.ts";
import { type Method, type RouteHandler, toRoute } from "./handlers/routes.ts";
import { type AppSync, createSync } from "./sync/sync.ts";
import { createTasks, type DefinableTasks } from "./tasks/tasks.ts";
import { runTransaction } from "./transactions/run-transaction.ts";
import type { Tx } from "./transactions/tx.ts";

/** What programs and hook files can do with a server. */
export interface Extendable {
  readonly logger: Logger;
  readonly records: RecordsOf;
  readonly realtime: AppRealtime;
  readonly sync: AppSync;
  /** Work that outlives the request that starts it and the process that runs it. */
  readonly tasks: DefinableTasks;
  /**
   * Runs writes in one transaction. All other writers wait, so `work` may await nothing but methods of `tx`.
   * @throws what `work` throws, after a rollback; Error if it awaits anything else
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Runs before rules and validation, for every write by clients and code. The hook may change `values`, and may throw an
   * ApiError, which the client receives. It may await anything, except in a transaction, where other writers would wait.
   *
   * @param collection `*` for all except system collections
   */
  before<const A extends Action, const S extends Subject>(
    action: A,
    collection: S,
    hook: HookOf<BeforeEvents<S>[A]>,
  ): void;
  /** Runs in the transaction after each row is written, also by cascades. If it throws, the write is rolled back. */
  within<const A extends Action, const S extends Subject>(
    action: A,
    collection: S,
    hook: HookOf<WithinEvents<S>[A]>,
  ): void;
  /** Runs after the commit, once for each change, in the order of the log, for changes of all processes. */
  after<const A extends Action, const S extends Subject>(
    action: A,
    collection: S,
    hook: HookOf<AfterEvents<S>[A]>,
  ): void;
  /**
   * Runs when a client that syncs offline calls a mutator of this name: once for each call, in a transaction. An ApiError
   * refuses the call for good. After any other error, the client sends the call again later.
   */
  mutator(name: string, mutator: NamedMutator): void;
  /**
   * Adds a route to the server.
   * @param path `:name` matches one segment
   * @throws UserError if the path belongs to the server's API
   */
  route<const P extends string>(method: Method, path: P, handler: RouteHandler<P>): void;
}

type HookOf<Event> = (event: Event) => void | Promise<void>;

/** @param registrations receives what is registered */
export function createExtendable(appContext: AppContext, registrations: Registrations): Extendable {
  const { logger } = appContext;
  return {
    logger,
    records: createRecordsOf(appContext),
    realtime: createRealtime(appContext, registrations),
    sync: createSync(appContext, registrations),
    tasks: createTasks(appContext, registrations),
    transaction: (work) => runTransaction(appContext, work),
    before(action, collection, hook) {
      warnIfMissing(appContext, collection);
      registrations.hooks.add("before", action, nameOf(collection), (submitted) =>
        hook(toBeforeEvent(appContext, submitted) as never),
      );
    },
    within(action, collection, hook) {
      warnIfMissing(appContext, collection);
      registrations.hooks.add("within", action, nameOf(collection), (written) =>
        hook(toWithinEvent(appContext, written) as never),
      );
    },
    after(action, collection, hook) {
      warnIfMissing(appContext, collection);
      registrations.hooks.add("after", action, nameOf(collection), (committed) =>
        hook(toAfterEvent(committed) as never),
      );
    },
    mutator(name, mutator) {
      registrations.mutators.add(name, (call) => mutator(toMutation(appContext, call)));
    },
    route(method, path, handler) {
      registrations.routes.add(toRoute(method, path, handler, appContext.core.hooks.limits));
    },
  };
}

/** The collection may be created later, but its name is more likely misspelled. */
function warnIfMissing({ core, logger }: AppContext, subject: Subject): void {
  const name = nameOf(subject);
  if (name === ALL_COLLECTIONS || core.folder.registry.current.find(name)) return;
  logger.warn({ collection: name }, "a hook is registered for a collection that does not exist");
}
