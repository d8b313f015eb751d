import type { JsonValue } from "@headwater/protocol";
import { badRequest, invalid, notFound } from "../lib/api-error.ts";
import { randomText } from "../lib/random.ts";
import type { Reader, Store, Transaction } from "../store/store.ts";
import { NO_TASK_LIMITS, type TaskLimits } from "./attempt.ts";
import { Definitions } from "./definitions.ts";
import { TaskEventWriter } from "./task-event-writer.ts";
import { TaskRunner } from "./task-runner.ts";
import type { Task } from "./task.ts";
import { toStored, UnwritableError } from "./task-json.ts";
import { findByKey, findTask, insertTask, deleteExpired } from "./task-table.ts";
import { TaskHistories } from "./task-histories.ts";

const ID_LENGTH = 24;
const HOUSEKEEPING_MS = 1_000;
/** How many expired tasks one write deletes, and how many rounds of housekeeping there are for each such pass. */
const EXPIRED_PER_WRITE = 500;
const EXPIRE_EVERY = 30;

export interface StartOptions {
  /** Starting the same task again with the same key returns the first one. */
  readonly idempotencyKey?: string | undefined;
  /** Milliseconds before it may start. */
  readonly delay?: number | undefined;
  /** The id of the auth record that starts it. */
  readonly owner?: string | undefined;
}

/** The task service: definitions, the runner, and the histories of events. */
export class Tasks {
  readonly definitions = new Definitions((name) => this.#runner.wake(name));
  readonly histories: TaskHistories;
  readonly #store: Store;
  readonly #eventWriter: TaskEventWriter;
  readonly #runner: TaskRunner;
  readonly #onError: (error: unknown, about?: object) => void;
  readonly #limits: TaskLimits;
  #timer: Timer | undefined;
  #housekeeping: Promise<void> | undefined;
  #rounds = 0;

  constructor(store: Store, onError: (error: unknown, about?: object) => void, limits = NO_TASK_LIMITS) {
    this.#store = store;
    this.#limits = limits;
    this.#onError = onError;
    this.#eventWriter = new TaskEventWriter(store, onError);
    this.histories = new TaskHistories(store);
    this.#runner = new TaskRunner({
      store,
      definitions: this.definitions,
      eventWriter: this.#eventWriter,
      histories: this.histories,
      limits,
      onError,
    });
  }

  /** How many tasks are running. */
  get active(): number {
    return this.#runner.active;
  }

  /** Starts running tasks. */
  async startRunner(): Promise<void> {
    this.#timer = setInterval(() => {
      this.#housekeeping ??= this.#runHousekeeping();
    }, HOUSEKEEPING_MS);
    await this.#runner.start();
  }

  /** @throws ApiError 404 if no task of that name is defined, 400 if its parser refuses the input */
  start(name: string, input: unknown, options: StartOptions = {}): Promise<Task> {
    this.checkInput(name, input);
    return this.#store.write((tx) => this.startIn(tx, name, input, options));
  }

  /** Starts a task when the transaction commits. @throws ApiError as `start` does */
  async startIn(tx: Transaction, name: string, input: unknown, options: StartOptions = {}): Promise<Task> {
    this.checkInput(name, input);
    const { idempotencyKey: key, delay = 0, owner = "" } = options;
    if (Number.isNaN(delay)) throw new RangeError(`The delay of the task "${name}" must be a number.`);
    const json = this.#storedInput(name, input);
    const known = key === undefined ? undefined : await findByKey(tx, name, owner, key);
    if (known) return assertSameInput(known, json);
    const now = Date.now();
    const [id, due] = [randomText(ID_LENGTH), now + delay];
    await insertTask(tx, { id, name, owner, key, input: json, created: now, due });
    tx.afterCommit(() => this.#runner.add(name, id, due));
    return (await findTask(tx, id))!;
  }

  find(id: string, reader: Reader = this.#store): Promise<Task | undefined> {
    return findTask(reader, id);
  }

  /** Cancels a task unless it has ended. @returns its state afterwards; `undefined` if there is no such task */
  async cancel(id: string): Promise<Task | undefined> {
    const task = await this.find(id);
    if (task?.state !== "queued" && task?.state !== "running") return task;
    await this.#runner.cancel(task);
    return this.find(id);
  }

  /** Starts no more tasks, aborts running ones, and waits at most this long for them. */
  async stop(milliseconds: number): Promise<void> {
    clearInterval(this.#timer);
    await this.#housekeeping;
    await this.#runner.stop(milliseconds);
    await this.#eventWriter.close();
  }

  /** @throws ApiError as `start` does */
  checkInput(name: string, input: unknown): void {
    const definition = this.definitions.find(name);
    if (!definition) throw notFound(`There is no task "${name}".`);
    try {
      definition.input(input);
    } catch (error) {
      const message = error instanceof Error ? error.message : "Is not an input of this task.";
      throw badRequest("", { input: invalid("validation_invalid_value", message) }, error);
    }
  }

  /** @throws ApiError 400 if JSON can't hold the input, or it is too large */
  #storedInput(name: string, input: unknown): JsonValue {
    try {
      return toStored(input, `The input of the task "${name}"`, this.#limits.maxBytes);
    } catch (error) {
      if (!(error instanceof UnwritableError)) throw error;
      this.#limits.onUnwritable?.();
      throw badRequest("", { input: invalid("validation_invalid_value", error.message) });
    }
  }

  async #expire(now: number): Promise<void> {
    for (let removed = EXPIRED_PER_WRITE; removed === EXPIRED_PER_WRITE;) {
      removed = await this.#store.write((tx) => deleteExpired(tx, now, EXPIRED_PER_WRITE));
    }
  }

  async #runHousekeeping(): Promise<void> {
    try {
      await this.histories.persist(Date.now());
      this.#rounds += 1;
      if (this.#rounds % EXPIRE_EVERY === 1) await this.#expire(Date.now());
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#housekeeping = undefined;
    }
  }
}

/** @throws ApiError 400 if the idempotency key was used with another input */
function assertSameInput(task: Task, input: JsonValue): Task {
  if (Bun.deepEquals(task.input, input)) return task;
  throw badRequest("", {
    idempotencyKey: invalid("validation_key_reused", "The key was already used with another input."),
  });
}
