import type { Change } from "../log/change.ts";
import type { Store } from "../store/store.ts";
import { TaskHistory } from "./task-history.ts";
import { readHistory, readUnsavedHistories, deleteSavedChanges, saveHistory, taskChanges } from "./history-table.ts";
import { eventsIn, type EventsChange } from "./task-event.ts";
import { TaskStream } from "./task-stream.ts";

/** A history is saved when its oldest unsaved event is this old, or when it has grown by so many characters. */
const MAX_UNSAVED_MS = 30_000;
const MAX_UNSAVED_SIZE = 256 << 10;
/** How many characters one write saves, and how many changes one write deletes, so that other writers don't wait long. */
const SIZE_PER_WRITE = 256 << 10;
const CHANGES_PER_DELETE = 8;
/** How long a stream that was opened stays in memory before a listener attaches. */
const OPEN_GRACE_MS = 60_000;

/**
 * The events of all tasks, built from the log. The histories of running tasks are in memory. They are saved from time to
 * time, and then the log can drop those changes.
 */
export class TaskHistories {
  readonly #store: Store;
  readonly #streams = new Map<string, TaskStream>();
  /** The seq of the last change that was applied. */
  #appliedSeq = 0;
  /** The log has no task changes before this seq. `undefined` until the first one is seen. */
  #trimFrom: number | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Loads the histories of unfinished tasks. Must be called before the first `follow`. */
  async load(): Promise<void> {
    const stored = await readUnsavedHistories(this.#store);
    if (stored.length === 0) return;
    for (const { id, history } of stored) this.#streams.set(id, new TaskStream(id, history));
    const from = Math.min(...stored.map(({ savedTo }) => savedTo));
    for await (const change of taskChanges(this.#store, from)) this.#apply(change, (id) => this.#streams.get(id));
  }

  /** Applies a change. Called for each change of the log, in order. */
  follow(change: Change): void {
    this.#apply(change, (id) => this.#streamFor(id));
  }

  /** The log may be trimmed up to this seq. Events of later changes may not be saved elsewhere. */
  get savedTo(): number {
    let least = Infinity;
    for (const { unsaved } of this.#streams.values()) if (unsaved) least = Math.min(least, unsaved.seq - 1);
    return least;
  }

  /** The number of the latest event of an unfinished task; 0 if it has none. */
  lastOf(id: string): number {
    return this.#streams.get(id)?.history.last ?? 0;
  }

  /** The stream of a task, for a listener that will attach to it; `undefined` if there is no such task. */
  async open(id: string): Promise<TaskStream | undefined> {
    const known = this.#streams.get(id);
    const history = known?.history ?? (await readHistory(this.#store, id));
    if (!history) return undefined;
    // During the read another listener may have opened it, or its first event may have arrived.
    const stream = known ?? this.#streams.get(id) ?? this.#register(new TaskStream(id, history));
    stream.openedAt = Date.now();
    return stream;
  }

  /**
   * The stream to listen to. Not always the one that was opened: without listeners or events that one may have been
   * dropped, and later events are in a new stream.
   */
  attach(stream: TaskStream): TaskStream {
    return this.#streams.get(stream.id) ?? this.#register(stream);
  }

  /** Saves the histories that are due, trims the log, and drops streams of ended tasks that have no listeners. */
  async persist(now: number): Promise<void> {
    const due = [...this.#streams.values()].filter((stream) => isDue(stream, now));
    for (let from = 0, to = 0; from < due.length; from = to) {
      for (let size = 0; to < due.length && size < SIZE_PER_WRITE; to += 1) size += due[to]!.history.size;
      await this.#save(due.slice(from, to));
    }
    for (const [id, stream] of this.#streams) {
      if (isIdle(stream, now)) this.#streams.delete(id);
    }
    await this.#trimLog();
  }

  #apply(change: EventsChange, streamOf: (id: string) => TaskStream | undefined): void {
    this.#appliedSeq = change.seq;
    const events = eventsIn(change);
    if (events.length > 0) this.#trimFrom ??= change.seq;
    for (const [id, number, kind, value] of events) streamOf(id)?.add(number, kind, value, change);
  }

  async #save(streams: readonly TaskStream[]): Promise<void> {
    const seq = this.#appliedSeq;
    const saved = streams.map((stream) => [stream, stream.history.last] as const);
    await this.#store.write(async (tx) => {
      for (const { id, history } of streams) await saveHistory(tx, id, history, seq);
    });
    for (const [stream, last] of saved) stream.markSaved(last, seq);
  }

  /** Deletes the changes that every history has saved. */
  async #trimLog(): Promise<void> {
    const below = Math.min(this.savedTo, this.#appliedSeq) + 1;
    for (let from = this.#trimFrom; from !== undefined && from < below; from = this.#trimFrom) {
      this.#trimFrom = await this.#store.write((tx) => deleteSavedChanges(tx, from, below, CHANGES_PER_DELETE));
    }
  }

  #streamFor(id: string): TaskStream {
    return this.#streams.get(id) ?? this.#register(new TaskStream(id, new TaskHistory()));
  }

  #register(stream: TaskStream): TaskStream {
    this.#streams.set(stream.id, stream);
    return stream;
  }
}

/** Whether a stream can be dropped: it has ended or is still empty, is saved, and nobody listens or is about to. */
const isIdle = ({ history, unsaved, hasListeners, openedAt }: TaskStream, now: number): boolean =>
  (history.isOver || history.last === 0) && !unsaved && !hasListeners && Math.abs(now - openedAt) > OPEN_GRACE_MS;

/** The clock may be set back. Tasks that started together are not due together, because of the jitter. */
function isDue({ unsaved, history, jitter }: TaskStream, now: number): boolean {
  if (!unsaved) return false;
  return history.isOver || Math.abs(now - unsaved.time) >= MAX_UNSAVED_MS * jitter || unsaved.size >= MAX_UNSAVED_SIZE;
}
