import type { JsonValue } from "@headwater/protocol";
import { badRequest, invalid, notFound } from "../lib/api-error.ts";
import { asJson } from "../lib/json-value.ts";
import { randomText } from "../lib/random.ts";
import type { Reader, Store, Transaction } from "../store/store.ts";
import { Definitions } from "./definitions.ts";
import { TaskEventWriter } from "./task-event-writer.ts";
import { TaskRunner } from "./task-runner.ts";
import type { Task } from "./task.ts";
import { findByKey, findTask, insertTask, removeExpired } from "./task-table.ts";
import { TaskHistories } from "./task-histories.ts";

const ID_LENGTH = 24;
const FOLD_MS = 1_000;
/** Tasks that one write removes, and how often that is looked after, in folds. */
const EXPIRED_AT_ONCE = 500;
const EXPIRE_EVERY = 30;

export interface StartOptions {
  /** Starting the same task again with the same key finds the first one. */
  readonly idempotencyKey?: string | undefined;
  /** Milliseconds until it may begin. */
  readonly delay?: number | undefined;
  /** The id of who starts it. */
  readonly owner?: string | undefined;
}

/** All about tasks: what there is to do, who does it, and what was told of it. */
export class Tasks {
  readonly definitions = new Definitions((name) => this.#runner.wake(name));
  readonly views: TaskHistories;
  readonly #store: Store;
  readonly #journal: TaskEventWriter;
  readonly #runner: TaskRunner;
  readonly #onError: (error: unknown, about?: object) => void;
  #timer: Timer | undefined;
  #housekeeping: Promise<void> | undefined;
  #rounds = 0;

  constructor(store: Store, onError: (error: unknown, about?: object) => void) {
    this.#store = store;
    this.#onError = onError;
    this.#journal = new TaskEventWriter(store, onError);
    this.views = new TaskHistories(store);
    this.#runner = new TaskRunner({
      store,
      definitions: this.definitions,
      journal: this.#journal,
      views: this.views,
      onError,
    });
  }

  /** How many are at work. */
  get active(): number {
    return this.#runner.active;
  }

  /** From now on tasks are done. */
  async begin(): Promise<void> {
    this.#timer = setInterval(() => {
      this.#housekeeping ??= this.#keepHouse();
    }, FOLD_MS);
    await this.#runner.begin();
  }

  /** @throws ApiError 404 for a name that is not defined, 400 for an input that it does not take */
  start(name: string, input: unknown, options: StartOptions = {}): Promise<Task> {
    this.check(name, input);
    return this.#store.write((tx) => this.startIn(tx, name, input, options));
  }

  /** Starts a task if and when the transaction is committed. @throws as `start` */
  async startIn(tx: Transaction, name: string, input: unknown, options: StartOptions = {}): Promise<Task> {
    this.check(name, input);
    const { idempotencyKey: key, delay = 0, owner = "" } = options;
    const json = asJson(input);
    const known = key === undefined ? undefined : await findByKey(tx, name, owner, key);
    if (known) return sameInput(known, json);
    const now = Date.now();
    const [id, due] = [randomText(ID_LENGTH), now + delay];
    await insertTask(tx, { id, name, owner, key, input: json, created: now, due });
    tx.afterCommit(() => this.#runner.add(name, id, due));
    return (await findTask(tx, id))!;
  }

  find(id: string, reader: Reader = this.#store): Promise<Task | undefined> {
    return findTask(reader, id);
  }

  /** Ends a task; one that is over stays as it is. @returns it as it is then; `undefined` where there is none */
  async cancel(id: string): Promise<Task | undefined> {
    const task = await this.find(id);
    if (task?.state !== "queued" && task?.state !== "running") return task;
    await this.#runner.cancel(task);
    return this.find(id);
  }

  /** Ends what is at work: begins nothing more, and waits so long for what is. */
  async stop(milliseconds: number): Promise<void> {
    clearInterval(this.#timer);
    await this.#housekeeping;
    await this.#runner.stop(milliseconds);
    await this.#journal.close();
  }

  /** @throws ApiError as `start` */
  check(name: string, input: unknown): void {
    const definition = this.definitions.find(name);
    if (!definition) throw notFound(`There is no task "${name}".`);
    try {
      definition.input(input);
    } catch (error) {
      const message = error instanceof Error ? error.message : "Is not what the task takes.";
      throw badRequest("", { input: invalid("validation_invalid_value", message) }, error);
    }
  }

  async #expire(now: number): Promise<void> {
    for (let removed = EXPIRED_AT_ONCE; removed === EXPIRED_AT_ONCE;) {
      removed = await this.#store.write((tx) => removeExpired(tx, now, EXPIRED_AT_ONCE));
    }
  }

  async #keepHouse(): Promise<void> {
    try {
      await this.views.fold(Date.now());
      this.#rounds += 1;
      if (this.#rounds % EXPIRE_EVERY === 1) await this.#expire(Date.now());
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#housekeeping = undefined;
    }
  }
}

/** @throws ApiError 400: a key stands for one thing to do */
function sameInput(task: Task, input: JsonValue): Task {
  if (Bun.deepEquals(task.input, input)) return task;
  throw badRequest("", {
    idempotencyKey: invalid("validation_key_reused", "The key was used for another input."),
  });
}
