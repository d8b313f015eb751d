import type { JsonValue } from "@headwater/protocol";
import { type EventKind, isFinal, type TaskEvent, type TaskEventType } from "./task-event.ts";

/** Pieces of a text that followed each other, with the number of the first and the time of the last. */
interface Text {
  readonly kind: "text";
  readonly first: number;
  time: number;
  readonly pieces: string[];
}

interface Single {
  readonly kind: TaskEventType;
  readonly first: number;
  readonly time: number;
  readonly data: JsonValue;
}

type Entry = Text | Single;

/** Characters, more or less, that are kept of what one task told. */
const MAX_SIZE = 1 << 20;
/** What an entry takes besides its text. */
const OVERHEAD = 64;

const lastOf = (entry: Entry): number => (entry.kind === "text" ? entry.first + entry.pieces.length - 1 : entry.first);

/**
 * What one task has told, folded: a text that came in a thousand pieces is one entry, and can still be handed out from
 * each of them on. Of a task that tells too much the beginning is forgotten.
 */
export class History {
  readonly #entries: Entry[] = [];
  #size = 0;
  #last = 0;
  #forgotten = 0;

  /** The number of the newest event. */
  get last(): number {
    return this.#last;
  }

  /** The number of the last event that is gone; 0 if all are here. */
  get forgotten(): number {
    return this.#forgotten;
  }

  get isOver(): boolean {
    const newest = this.#entries.at(-1);
    return newest !== undefined && isFinal(newest.kind);
  }

  /** What it takes, in characters. */
  get size(): number {
    return this.#size;
  }

  add(number: number, kind: EventKind, value: JsonValue, time: number): void {
    this.#last = number;
    if (kind === "text") this.#addText(number, value as string, time);
    else this.#push({ kind, first: number, time, data: value }, JSON.stringify(value).length);
    this.#trim();
  }

  /**
   * The events behind a number, pieces of text put together as far as they follow each other.
   *
   * @param limit characters of text after which it is enough
   */
  after(number: number, limit: number): TaskEvent[] {
    const events: TaskEvent[] = [];
    for (let i = this.#indexAfter(number), room = limit; i < this.#entries.length && room > 0; i += 1) {
      const entry = this.#entries[i]!;
      if (entry.kind !== "text") {
        events.push({ number: entry.first, type: entry.kind, time: entry.time, data: entry.data });
        room -= OVERHEAD;
        continue;
      }
      const from = Math.max(0, number + 1 - entry.first);
      let end = from;
      for (; end < entry.pieces.length && room > 0; end += 1) room -= entry.pieces[end]!.length + 1;
      const delta = entry.pieces.slice(from, end).join("");
      events.push({ number: entry.first + end - 1, type: "progress_update", time: entry.time, data: { delta } });
    }
    return events;
  }

  /** As text for the database; `decode` reads it. */
  encode(): string {
    return JSON.stringify([
      this.#forgotten,
      ...this.#entries.map((entry) =>
        entry.kind === "text"
          ? [entry.kind, entry.first, entry.time, entry.pieces.join(""), entry.pieces.map(({ length }) => length)]
          : [entry.kind, entry.first, entry.time, entry.data],
      ),
    ]);
  }

  static decode(text: string): History {
    const history = new History();
    const [forgotten, ...entries] = JSON.parse(text) as readonly [number, ...EncodedEntry[]];
    history.#forgotten = forgotten;
    history.#last = forgotten;
    for (const [kind, first, time, value, lengths] of entries) {
      if (kind === "text") {
        let at = 0;
        for (const [i, length] of lengths!.entries()) {
          history.add(first + i, kind, (value as string).slice(at, (at += length)), time);
        }
      } else history.add(first, kind, value, time);
    }
    return history;
  }

  #addText(number: number, piece: string, time: number): void {
    const newest = this.#entries.at(-1);
    if (newest?.kind !== "text") {
      this.#push({ kind: "text", first: number, time, pieces: [piece] }, piece.length);
      return;
    }
    newest.pieces.push(piece);
    newest.time = time;
    this.#size += piece.length;
  }

  #push(entry: Entry, length: number): void {
    this.#entries.push(entry);
    this.#size += OVERHEAD + length;
  }

  /** The index of the first entry that holds something behind the number: most ask for the newest. */
  #indexAfter(number: number): number {
    let index = this.#entries.length;
    while (index > 0 && lastOf(this.#entries[index - 1]!) > number) index -= 1;
    return index;
  }

  #trim(): void {
    while (this.#size > MAX_SIZE && this.#entries.length > 1) this.#forget(this.#entries.shift()!);
    const [only] = this.#entries;
    if (this.#size <= MAX_SIZE || only?.kind !== "text") return;
    // One long text: its first half goes at once, so that this does not happen with each piece.
    const kept = only.pieces.splice(only.pieces.length >> 1);
    this.#size -= lengthOf(kept);
    this.#forget(this.#entries.shift()!);
    this.#push({ ...only, first: this.#forgotten + 1, pieces: kept }, lengthOf(kept));
  }

  #forget(entry: Entry): void {
    this.#forgotten = lastOf(entry);
    this.#size -= OVERHEAD + (entry.kind === "text" ? lengthOf(entry.pieces) : JSON.stringify(entry.data).length);
  }
}

type EncodedEntry = readonly [kind: EventKind, first: number, time: number, value: JsonValue, lengths?: number[]];

const lengthOf = (pieces: readonly string[]): number => pieces.reduce((sum, { length }) => sum + length, 0);
