import type { Action } from "@headwater/protocol";
import type { Logger } from "pino";
import { hookDepth, isInTransaction, runInTransaction } from "../records/hooks/hook-scope.ts";
import { EVERY } from "../records/model/hook-registry.ts";
import type { Extension } from "./context/registrations.ts";
import { type AppContext, nameOf } from "./context/app-context.ts";
import {
  type AfterEvents,
  afterEvent,
  type BeforeEvents,
  beforeEvent,
  type WithinEvents,
  withinEvent,
} from "./handlers/hook-events.ts";
import { mutationOf, type NamedMutator } from "./handlers/mutators.ts";
import { OpenTransaction } from "./records/serial-transaction.ts";
import type { Subject } from "./collections/record-types.ts";
import { type AppRealtime, realtimeOf } from "./realtime/realtime.ts";
import { recordsOf } from "./records/records-of.ts";
import type { RecordsOf } from "./records/records.ts";
import { type Method, type RouteHandler, routeOf } from "./handlers/routes.ts";
import { definableTasks, type DefinableTasks } from "./tasks/tasks.ts";
import { type Tx, txOf } from "./transactions/tx.ts";

/** A server as the program sees it that it is part of, and as a hook file sees it. */
export interface Extendable {
  readonly logger: Logger;
  readonly records: RecordsOf;
  readonly realtime: AppRealtime;
  /** Work that outlives the request that asks for it, and the process that does it. */
  readonly tasks: DefinableTasks;
  /**
   * Writes all or nothing. Every other writer waits, so the work may await nothing but what `tx` gives.
   * @throws what the work throws, after undoing it; Error when it awaits anything else
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Runs before a write is judged, whoever asked for it. The hook may change `values`, and may throw an ApiError, which
   * the client gets. It may await what it likes, except in a transaction, whose other writes wait for it.
   *
   * @param collection `*` for all but the system's own
   */
  before<const A extends Action, const S extends Subject>(
    action: A,
    collection: S,
    hook: HookOf<BeforeEvents<S>[A]>,
  ): void;
  /** Runs in the transaction, right after each row is written, cascades included. What it throws undoes the write. */
  within<const A extends Action, const S extends Subject>(
    action: A,
    collection: S,
    hook: HookOf<WithinEvents<S>[A]>,
  ): void;
  /** Runs after the commit, once for each change, in the order of the log, whichever process made it. */
  after<const A extends Action, const S extends Subject>(
    action: A,
    collection: S,
    hook: HookOf<AfterEvents<S>[A]>,
  ): void;
  /**
   * Does what clients that sync offline call by this name, each call once, in a transaction of its own. What it throws
   * as an ApiError refuses the call for good; at any other error the client tries again later.
   */
  mutator(name: string, mutator: NamedMutator): void;
  /**
   * Answers requests on the same server.
   * @param path `:name` stands for one segment
   * @throws UserError for a path of the server's own
   */
  route<const P extends string>(method: Method, path: P, handler: RouteHandler<P>): void;
}

type HookOf<Event> = (event: Event) => void | Promise<void>;

/** @param extension what is added goes there */
export function extendable(ground: AppContext, extension: Extension): Extendable {
  const { logger } = ground;
  return {
    logger,
    records: recordsOf(ground),
    realtime: realtimeOf(ground, extension),
    tasks: definableTasks(ground, extension),
    transaction: (work) => transact(ground, work),
    before(action, collection, hook) {
      noteUnknown(ground, collection);
      extension.hooks.add("before", action, nameOf(collection), (asked) => hook(beforeEvent(ground, asked) as never));
    },
    within(action, collection, hook) {
      noteUnknown(ground, collection);
      extension.hooks.add("within", action, nameOf(collection), (written) =>
        hook(withinEvent(ground, written) as never),
      );
    },
    after(action, collection, hook) {
      noteUnknown(ground, collection);
      extension.hooks.add("after", action, nameOf(collection), (committed) => hook(afterEvent(committed) as never));
    },
    mutator(name, mutator) {
      extension.mutators.add(name, (call) => mutator(mutationOf(ground, call)));
    },
    route(method, path, handler) {
      extension.routes.add(routeOf(method, path, handler));
    },
  };
}

/** It may yet come; but most likely its name is misspelt. */
function noteUnknown({ core, logger }: AppContext, subject: Subject): void {
  const name = nameOf(subject);
  if (name === EVERY || core.folder.registry.current.find(name)) return;
  logger.warn({ collection: name }, "a hook waits for a collection that is not there");
}

async function transact<T>(ground: AppContext, work: (tx: Tx) => Promise<T>): Promise<T> {
  if (isInTransaction()) throw new Error("A transaction can't be opened inside another one.");
  const depth = hookDepth();
  let open: OpenTransaction | undefined;
  try {
    return await ground.core.folder.store.write((outer) =>
      runInTransaction(outer, "a transaction", depth, (tx) => {
        open = new OpenTransaction(tx);
        return work(txOf(ground, open));
      }),
    );
  } catch (error) {
    for (const submission of open?.used ?? []) await submission.discard();
    throw error;
  }
}
