import type { Change } from "../log/change.ts";
import type { Store } from "../store/store.ts";
import { TaskHistory } from "./task-history.ts";
import { readHistory, readUnfolded, removeFolded, saveHistory, taskChanges } from "./history-table.ts";
import { eventsIn } from "./task-event.ts";
import { TaskStream } from "./task-stream.ts";

/** A history that stands in the log alone is stored when it is this old, or has grown by so many characters. */
const FOLD_AGE_MS = 30_000;
const FOLD_SIZE = 256 << 10;
/** What one write stores, in characters, and how many changes one takes from the log: other writers wait no longer. */
const FOLD_AT_ONCE = 256 << 10;
const CLEAN_AT_ONCE = 8;
/** Who has opened a view may take this long to listen. */
const OPENING_MS = 60_000;

/**
 * What tasks have told, built from the log as everything that is streamed. Of tasks at work it is held in memory; now and
 * then it is stored, and then the log need not keep it any longer.
 */
export class TaskHistories {
  readonly #store: Store;
  readonly #views = new Map<string, TaskStream>();
  /** The seq of the last change that was followed. */
  #followed = 0;
  /** Nothing of tasks stands before this seq. */
  #cleanFrom: number | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Reads what is unfinished. Called before the first change is followed. */
  async load(): Promise<void> {
    const stored = await readUnfolded(this.#store);
    if (stored.length === 0) return;
    for (const { id, history } of stored) this.#views.set(id, new TaskStream(id, history));
    const from = Math.min(...stored.map(({ foldedTo }) => foldedTo));
    for await (const change of taskChanges(this.#store, from)) this.#take(change, (id) => this.#views.get(id));
  }

  /** A follower of the log. */
  follow(change: Change): void {
    this.#take(change, (id) => this.#viewOf(id));
  }

  /** The seq up to which the log may be trimmed: what stands behind it is stored nowhere else. */
  get foldedTo(): number {
    let least = Infinity;
    for (const { unfolded } of this.#views.values()) if (unfolded) least = Math.min(least, unfolded.seq - 1);
    return least;
  }

  /** The number of the newest event of a task that is at work, or was when its server ended. */
  lastOf(id: string): number {
    return this.#views.get(id)?.history.last ?? 0;
  }

  /** For one who is about to listen; `undefined` where there is no such task. */
  async open(id: string): Promise<TaskStream | undefined> {
    const known = this.#views.get(id);
    const history = known?.history ?? (await readHistory(this.#store, id));
    if (!history) return undefined;
    // Others may have asked for it meanwhile, or its first event has come.
    const view = known ?? this.#views.get(id) ?? this.#keep(new TaskStream(id, history));
    view.openedAt = Date.now();
    return view;
  }

  /**
   * For one who listens from now on: what was opened may have been forgotten meanwhile, as nobody listened and nothing had
   * been told; what the log told since is in another view then.
   */
  attach(view: TaskStream): TaskStream {
    return this.#views.get(view.id) ?? this.#keep(view);
  }

  /** Stores what is due, takes it from the log, and forgets what is over and that nobody listens to. */
  async fold(now: number): Promise<void> {
    const due = [...this.#views.values()].filter((view) => isDue(view, now));
    for (let from = 0, to = 0; from < due.length; from = to) {
      for (let size = 0; to < due.length && size < FOLD_AT_ONCE; to += 1) size += due[to]!.history.size;
      await this.#save(due.slice(from, to));
    }
    for (const [id, view] of this.#views) {
      if (isIdle(view, now)) this.#views.delete(id);
    }
    await this.#clean();
  }

  #take(change: Change, viewOf: (id: string) => TaskStream | undefined): void {
    this.#followed = change.seq;
    const events = eventsIn(change);
    if (events.length > 0) this.#cleanFrom ??= change.seq;
    for (const [id, number, kind, value] of events) viewOf(id)?.add(number, kind, value, change);
  }

  async #save(views: readonly TaskStream[]): Promise<void> {
    const seq = this.#followed;
    const saved = views.map((view) => [view, view.history.last] as const);
    await this.#store.write(async (tx) => {
      for (const { id, history } of views) await saveHistory(tx, id, history, seq);
    });
    for (const [view, last] of saved) view.folded(last, seq);
  }

  /** Takes from the log what every history holds. */
  async #clean(): Promise<void> {
    const below = Math.min(this.foldedTo, this.#followed) + 1;
    for (let from = this.#cleanFrom; from !== undefined && from < below; from = this.#cleanFrom) {
      this.#cleanFrom = await this.#store.write((tx) => removeFolded(tx, from, below, CLEAN_AT_ONCE));
    }
  }

  #viewOf(id: string): TaskStream {
    return this.#views.get(id) ?? this.#keep(new TaskStream(id, new TaskHistory()));
  }

  #keep(view: TaskStream): TaskStream {
    this.#views.set(view.id, view);
    return view;
  }
}

/** Nothing may come of it any more, and nobody listens; or nothing has come yet, and who waits for that may attach. */
const isIdle = ({ history, unfolded, hasListeners, openedAt }: TaskStream, now: number): boolean =>
  (history.isOver || history.last === 0) && !unfolded && !hasListeners && now - openedAt > OPENING_MS;

/** Tasks that began together are not due together: each waits between half of the age and all of it. */
function isDue({ unfolded, history, patience }: TaskStream, now: number): boolean {
  if (!unfolded) return false;
  return history.isOver || now - unfolded.time >= FOLD_AGE_MS * patience || unfolded.size >= FOLD_SIZE;
}
