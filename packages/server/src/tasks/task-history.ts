import { type JsonValue } from "@headwater/protocol";
import { spacedJson } from "../lib/json/spaced-json.ts";
import { type EventKind, isFinal, type TaskEvent, type TaskEventType } from "./task-event.ts";
import { SegmentedText } from "./segmented-text.ts";

/** When an event was committed: the seq of its change in the log, and the time in milliseconds since 1970. */
export interface Commit {
  readonly seq: number;
  readonly time: number;
}

/** Consecutive pieces of text. `first` is the number of the first piece, `commit` is that of the last. */
interface TextEntry {
  readonly kind: "text";
  readonly first: number;
  commit: Commit;
  readonly text: SegmentedText;
}

interface SingleEntry {
  readonly kind: TaskEventType;
  readonly first: number;
  readonly commit: Commit;
  /** JSON. */
  readonly data: string;
}

type Entry = TextEntry | SingleEntry;

/** An entry as it is stored. Entries of earlier versions have no seq. */
type StoredEntry = readonly [
  kind: EventKind,
  first: number,
  time: number,
  value: JsonValue,
  lengths?: readonly number[] | null,
  seq?: number,
];

/** Roughly how many characters a history keeps. */
const MAX_SIZE = 512 << 10;
/** What an entry costs besides its text, in characters. */
const ENTRY_OVERHEAD = 64;

const lastOf = (entry: Entry): number => (entry.kind === "text" ? entry.first + entry.text.count - 1 : entry.first);

/**
 * The events of one task, compacted: text that came in a thousand pieces is one entry, and can still be read from any
 * piece on. If a task sends too much, its oldest events are dropped.
 */
export class TaskHistory {
  readonly #entries: Entry[] = [];
  #size = 0;
  #last = 0;
  #forgotten = 0;

  /** The number of the latest event. */
  get last(): number {
    return this.#last;
  }

  /** The number of the last event that was dropped; 0 if there are all. */
  get forgotten(): number {
    return this.#forgotten;
  }

  get isOver(): boolean {
    const newest = this.#entries.at(-1);
    return newest !== undefined && isFinal(newest.kind);
  }

  /** Its cost, in characters. */
  get size(): number {
    return this.#size;
  }

  add(number: number, kind: EventKind, value: JsonValue, commit: Commit): void {
    this.#last = number;
    if (kind === "text") this.#addText(number, value as string, commit);
    else this.#addSingle({ kind, first: number, commit, data: spacedJson(value) });
    while (this.#size > MAX_SIZE && this.#forgetSome());
  }

  /**
   * The events after a number, with consecutive pieces of text merged.
   *
   * @param limit characters after which to stop
   */
  after(number: number, limit: number): TaskEvent[] {
    const events: TaskEvent[] = [];
    for (let i = this.#indexAfter(number), room = limit; i < this.#entries.length && room > 0; i += 1) {
      const entry = this.#entries[i]!;
      if (entry.kind === "text") {
        const from = Math.max(0, number + 1 - entry.first);
        const count = entry.text.countFor(from, room);
        const data = spacedJson({ delta: entry.text.slice(from, count) });
        events.push({ number: entry.first + from + count - 1, type: "progress_update", ...entry.commit, data });
        room -= data.length;
      } else {
        events.push({ number: entry.first, type: entry.kind, ...entry.commit, data: entry.data });
        room -= entry.data.length + ENTRY_OVERHEAD;
      }
    }
    return events;
  }

  /** The stored form. */
  encode(): string {
    const entries = this.#entries.map((entry) => {
      const { kind, first, commit } = entry;
      const { seq, time } = commit;
      if (entry.kind !== "text") return `["${kind}",${first},${time},${entry.data},null,${seq}]`;
      const { text } = entry;
      return JSON.stringify([kind, first, time, text.slice(0, text.count), text.lengths, seq] satisfies StoredEntry);
    });
    return `[${[this.#forgotten, ...entries].join(",")}]`;
  }

  static decode(text: string): TaskHistory {
    const history = new TaskHistory();
    const [forgotten, ...entries] = JSON.parse(text) as readonly [number, ...StoredEntry[]];
    history.#forgotten = forgotten;
    history.#last = forgotten;
    for (const [kind, first, time, value, lengths, seq = 0] of entries) {
      const commit = { seq, time };
      if (kind !== "text") history.add(first, kind, value, commit);
      let at = 0;
      for (const [i, length] of (lengths ?? []).entries()) {
        history.add(first + i, kind, (value as string).slice(at, (at += length)), commit);
      }
    }
    return history;
  }

  #addText(number: number, piece: string, commit: Commit): void {
    const newest = this.#entries.at(-1);
    let text = newest?.kind === "text" ? newest : undefined;
    if (!text) {
      this.#entries.push((text = { kind: "text", first: number, commit, text: new SegmentedText() }));
      this.#size += ENTRY_OVERHEAD;
    }
    text.text.add(piece);
    text.commit = commit;
    this.#size += piece.length;
  }

  #addSingle(single: SingleEntry): void {
    this.#entries.push(single);
    this.#size += ENTRY_OVERHEAD + single.data.length;
  }

  /** The index of the first entry with an event after the number. Searches from the end, where most listeners are. */
  #indexAfter(number: number): number {
    let index = this.#entries.length;
    while (index > 0 && lastOf(this.#entries[index - 1]!) > number) index -= 1;
    return index;
  }

  /** Drops the oldest entry, or half of a single long text, so that this isn't needed for each piece. */
  #forgetSome(): boolean {
    const [oldest] = this.#entries;
    if (!oldest || (this.#entries.length === 1 && (oldest.kind !== "text" || oldest.text.count < 2))) return false;
    this.#entries.shift();
    const { kind, first } = oldest;
    if (kind !== "text" || this.#entries.length > 0) {
      this.#forgotten = lastOf(oldest);
      this.#size -= ENTRY_OVERHEAD + (kind === "text" ? oldest.text.slice(0, oldest.text.count) : oldest.data).length;
      return true;
    }
    const gone = oldest.text.count >> 1;
    this.#forgotten = first + gone - 1;
    this.#size = 0;
    let number = this.#forgotten;
    for (const piece of piecesOf(oldest.text, gone)) this.#addText((number += 1), piece, oldest.commit);
    return true;
  }
}

/** The pieces from an index on. */
function* piecesOf(run: SegmentedText, from: number): Generator<string> {
  for (let i = from; i < run.count; i += 1) yield run.slice(i, 1);
}
