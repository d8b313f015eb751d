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

/** The last bytes that arrived on one stream. */
export interface ReceivedBytes {
  readonly source: string;
  /** Bytes that are not UTF-8 are written as `\xNN`. */
  readonly text: string;
}

/** Characters kept at each end of long data: a record's id is near the start of an event, what changed near the end. */
const SUMMARY_LENGTH = 70;
/** Only the latest entries are kept: they explain a failure, and a flood of entries would hide it. */
const KEPT = 24;
const KEPT_BYTES = 2_048;

/** The events that a failure is reported with. */
export class EventLog {
  readonly #start = performance.now();
  readonly #entries: LogEntry[] = [];
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #included = new Set<EventLog>();
  #dropped = 0;

  add(source: string, name: string, data = ""): void {
    const isLong = data.length > 2 * SUMMARY_LENGTH;
    const summary = isLong ? `${data.slice(0, SUMMARY_LENGTH)} … ${data.slice(-SUMMARY_LENGTH)}` : data;
    const last = this.#entries.at(-1);
    if (last?.source === source && last.name === name && last.summary === summary) {
      this.#entries[this.#entries.length - 1] = { ...last, times: (last.times ?? 1) + 1 };
      return;
    }
    this.#keep({ source, name, summary, offsetMs: Math.round(performance.now() - this.#start) });
  }

  /** Keeps the end of what arrived on a stream. */
  addBytes(source: string, bytes: Uint8Array): void {
    const before = this.#bytes.get(source) ?? new Uint8Array();
    const all = new Uint8Array(before.length + bytes.length);
    all.set(before);
    all.set(bytes, before.length);
    this.#bytes.set(source, all.subarray(Math.max(0, all.length - KEPT_BYTES)));
  }

  /** Has what another log has, too. */
  include(other: EventLog): void {
    this.#included.add(other);
  }

  get entries(): readonly LogEntry[] {
    const all = [...this.#own, ...[...this.#included].flatMap(({ entries }) => entries)];
    return all.length <= KEPT ? all : [earlier(all.length - KEPT), ...all.slice(-KEPT)];
  }

  get bytes(): readonly ReceivedBytes[] {
    const own = [...this.#bytes].map(([source, bytes]) => ({ source, text: textOf(bytes) }));
    return [...own, ...[...this.#included].flatMap(({ bytes }) => bytes)];
  }

  get #own(): readonly LogEntry[] {
    return this.#dropped === 0 ? this.#entries : [earlier(this.#dropped), ...this.#entries];
  }

  #keep(entry: LogEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length <= KEPT) return;
    this.#entries.shift();
    this.#dropped += 1;
  }
}

const earlier = (count: number): LogEntry => ({
  source: "",
  name: "…",
  summary: `${count} earlier entries`,
  offsetMs: 0,
});

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Also when the kept part begins in the middle of a character.
    return Array.from(bytes, (byte) =>
      byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
    ).join("");
  }
}

export const formatEntry = ({ source, name, summary, offsetMs, times }: LogEntry): string =>
  `+${offsetMs} ms ${source === "" ? "" : `[${source}] `}${name}${summary === "" ? "" : ` ${summary}`}${times === undefined ? "" : ` (${times} times)`}`;
