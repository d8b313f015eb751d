/** One thing that was heard or done, and when. */
export interface LogEntry {
  /** Which stream or actor, where there is more than one. */
  readonly source: string;
  readonly name: string;
  /** Its data, cut short. */
  readonly summary: string;
  /** Milliseconds since the log began. */
  readonly offsetMs: number;
  /** How often it came in a row, where that was more than once; the offset is that of the first. */
  readonly times?: number;
}

/** Of each end: what happened to a record stands at the end of its event, and which one it was at the beginning. */
const SUMMARY_LENGTH = 70;
/** The latest entries tell why something went wrong; a flood of them tells nothing. */
const KEPT = 24;

/** The sequence of events that a failure is reported with. */
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
