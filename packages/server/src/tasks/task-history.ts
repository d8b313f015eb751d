import { type JsonValue } from "@headwater/protocol";
import { spacedJson } from "../lib/spaced-json.ts";
import { type EventKind, isFinal, type TaskEvent, type TaskEventType } from "./task-event.ts";
import { TextRun } from "./segmented-text.ts";

/** A text, with the number of its first piece and the time of its last. */
interface Text {
  readonly kind: "text";
  readonly first: number;
  time: number;
  readonly run: TextRun;
}

interface Single {
  readonly kind: TaskEventType;
  readonly first: number;
  readonly time: number;
  /** JSON. */
  readonly data: string;
}

type Entry = Text | Single;

/** As it is stored. */
type Stored = readonly [kind: EventKind, first: number, time: number, value: JsonValue, lengths?: readonly number[]];

/** Characters, more or less, that are kept of what one task told. */
const MAX_SIZE = 512 << 10;
/** What an entry takes besides its text. */
const OVERHEAD = 64;

const lastOf = (entry: Entry): number => (entry.kind === "text" ? entry.first + entry.run.count - 1 : entry.first);

/**
 * What one task has told, folded: a text that came in a thousand pieces is one entry, and can still be handed out from
 * each of them on. Of a task that tells too much the beginning is forgotten.
 */
export class TaskHistory {
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
    else this.#addSingle({ kind, first: number, time, data: spacedJson(value) });
    while (this.#size > MAX_SIZE && this.#forgetSome());
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
      if (entry.kind === "text") {
        const from = Math.max(0, number + 1 - entry.first);
        const count = entry.run.reach(from, room);
        const data = spacedJson({ delta: entry.run.slice(from, count) });
        events.push({ number: entry.first + from + count - 1, type: "progress_update", time: entry.time, data });
        room -= data.length;
      } else {
        events.push({ number: entry.first, type: entry.kind, time: entry.time, data: entry.data });
        room -= entry.data.length + OVERHEAD;
      }
    }
    return events;
  }

  /** As text for the database; `decode` reads it. */
  encode(): string {
    const entries = this.#entries.map((entry) => {
      const { kind, first, time } = entry;
      if (entry.kind !== "text") return `["${kind}",${first},${time},${entry.data}]`;
      const { run } = entry;
      return JSON.stringify([kind, first, time, run.slice(0, run.count), run.lengths] satisfies Stored);
    });
    return `[${[this.#forgotten, ...entries].join(",")}]`;
  }

  static decode(text: string): TaskHistory {
    const history = new TaskHistory();
    const [forgotten, ...entries] = JSON.parse(text) as readonly [number, ...Stored[]];
    history.#forgotten = forgotten;
    history.#last = forgotten;
    for (const [kind, first, time, value, lengths = []] of entries) {
      if (kind !== "text") history.add(first, kind, value, time);
      let at = 0;
      for (const [i, length] of lengths.entries()) {
        history.add(first + i, kind, (value as string).slice(at, (at += length)), time);
      }
    }
    return history;
  }

  #addText(number: number, piece: string, time: number): void {
    const newest = this.#entries.at(-1);
    let text = newest?.kind === "text" ? newest : undefined;
    if (!text) {
      this.#entries.push((text = { kind: "text", first: number, time, run: new TextRun() }));
      this.#size += OVERHEAD;
    }
    text.run.add(piece);
    text.time = time;
    this.#size += piece.length;
  }

  #addSingle(single: Single): void {
    this.#entries.push(single);
    this.#size += OVERHEAD + single.data.length;
  }

  /** The index of the first entry that holds something behind the number: most ask for the newest. */
  #indexAfter(number: number): number {
    let index = this.#entries.length;
    while (index > 0 && lastOf(this.#entries[index - 1]!) > number) index -= 1;
    return index;
  }

  /** Of one long text the first half goes at once, so that this does not happen with each piece. */
  #forgetSome(): boolean {
    const [oldest] = this.#entries;
    if (!oldest || (this.#entries.length === 1 && (oldest.kind !== "text" || oldest.run.count < 2))) return false;
    this.#entries.shift();
    const { kind, first } = oldest;
    if (kind !== "text" || this.#entries.length > 0) {
      this.#forgotten = lastOf(oldest);
      this.#size -= OVERHEAD + (kind === "text" ? oldest.run.slice(0, oldest.run.count) : oldest.data).length;
      return true;
    }
    const gone = oldest.run.count >> 1;
    this.#forgotten = first + gone - 1;
    this.#size = 0;
    let number = this.#forgotten;
    for (const piece of piecesOf(oldest.run, gone)) this.#addText((number += 1), piece, oldest.time);
    return true;
  }
}

/** The pieces from one on. */
function* piecesOf(run: TextRun, from: number): Generator<string> {
  for (let i = from; i < run.count; i += 1) yield run.slice(i, 1);
}
