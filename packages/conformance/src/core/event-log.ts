/** One event of a run. */
export interface LogEntry {
  /** The stream or actor, if there is more than one. */
  readonly source: string;
  readonly name: string;
  /** The start and the end of its data. */
  readonly summary: string;
  /** Milliseconds since the log began. */
  readonly offsetMs: number;
  /** How many times it came in a row, if more than once; `offsetMs` is that of the first. */
  readonly times?: number;
}

/** Characters kept at each end of long data: a record's id is near the start of an event, what changed near the end. */
const SUMMARY_LENGTH = 70;
/** Only the latest entries are kept: they explain a failure, and a flood of entries would hide it. */
const KEPT = 24;

/** The events that a failure is reported with. */
export class EventLog {
  readonly #start = performance.now();
  readonly #entries: LogEntry[] = [];
  #dropped = 0;

  add(source: string, name: string, data = ""): void {
    const isLong = data.length > 2 * SUMMARY_LENGTH;
    const summary = isLong ? `${data.slice(0, SUMMARY_LENGTH)} … ${data.slice(-SUMMARY_LENGTH)}` : data;
    const last = this.#entries.at(-1);
    if (last?.source === source && last.name === name && last.summary === summary) {
      this.#entries[this.#entries.length - 1] = { ...last, times: (last.times ?? 1) + 1 };
      return;
    }
    this.#entries.push({ source, name, summary, offsetMs: Math.round(performance.now() - this.#start) });
    if (this.#entries.length <= KEPT) return;
    this.#entries.shift();
    this.#dropped += 1;
  }

  get entries(): readonly LogEntry[] {
    if (this.#dropped === 0) return [...this.#entries];
    const earlier = { source: "", name: "…", summary: `${this.#dropped} earlier entries`, offsetMs: 0 };
    return [earlier, ...this.#entries];
  }
}

export const formatEntry = ({ source, name, summary, offsetMs, times }: LogEntry): string =>
  `+${offsetMs} ms ${source === "" ? "" : `[${source}] `}${name}${summary === "" ? "" : ` ${summary}`}${times === undefined ? "" : ` (${times} times)`}`;
