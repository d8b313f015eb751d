import { LRUCache } from "lru-cache";
import type { Change } from "../../log/change.ts";
import type { Cursors } from "../../log/cursors.ts";
import { ChangeCursors } from "./change-cursors.ts";
import { FrameSet } from "../frame.ts";
import type { Audience } from "../session.ts";
import type { Account, EventOutcome } from "../visibility.ts";

/** A part of the log: the changes after `after`, up to and including `upTo`. */
export interface LogSpan {
  readonly after: number;
  readonly upTo: number;
}

/** What the hub reads of the log. */
export interface LogReader {
  /** The seq of the newest committed change, delivered or not. */
  head(): Promise<number>;
  /** Every change after this seq is still in the log. */
  trimmedTo(): Promise<number>;
  /** The changes of a span in order, at most `limit` of them. */
  range(span: LogSpan, limit: number): Promise<readonly Change[]>;
  /** The changes of a span that are of these collections. */
  deciding(span: LogSpan, collections: readonly string[]): Promise<readonly Change[]>;
  /** What happened to an account in a span: whether it was created, and its other changes. */
  ofAccount(span: LogSpan, account: Account): Promise<{ readonly isNew: boolean; readonly changes: readonly Change[] }>;
}

export interface ReplaySourceOptions<Principal> {
  readonly cursors: Cursors;
  readonly log: LogReader;
  /** Reads what the events of these changes need besides the changes. */
  prepare(changes: readonly Change[]): Promise<void>;
  /** Differs if the event may differ; `undefined` if that can't be said. */
  versionOf(change: Change): number | undefined;
  eventFor(change: Change, audience: Audience<Principal>): Promise<EventOutcome>;
}

/** Changes that one read of the log returns. */
export const CHUNK_SIZE = 128;
/** Entries kept for clients that reconnect from the same place: after a restart that is all of them. */
const MAX_CACHED_FRAMES = 8_192;
const MAX_CACHED_CHUNKS = 64;
const MAX_CACHED_DECISIONS = 256;
/** Characters that each cache holds, about: a single record may have megabytes. */
const MAX_CACHE_SIZE = 16 << 20;

/** What a change is to an audience. */
type Outcome = FrameSet | "nothing" | "untold" | "unknown";

/** Decides what one change is to one audience. */
interface Evaluation<Principal> {
  readonly change: Change;
  readonly audience: Audience<Principal>;
}

/** Reads the log for replays, and evaluates it: once for all clients that come back from the same place. */
export class ReplaySource<Principal> {
  readonly #options: ReplaySourceOptions<Principal>;
  readonly #frames = new LRUCache<string, Outcome, Evaluation<Principal>>({
    max: MAX_CACHED_FRAMES,
    maxSize: MAX_CACHE_SIZE,
    sizeCalculation: (frames) => (typeof frames === "string" ? 1 : frames.event.data.length),
    // A caller that waits for an entry still gets it if the entry is dropped meanwhile.
    ignoreFetchAbort: true,
    fetchMethod: (_key, _stale, { context }) => this.#evaluate(context),
  });
  /** Never stale: what the log holds up to a position does not change. */
  readonly #chunks = new LRUCache<string, readonly Change[], LogSpan>({
    max: MAX_CACHED_CHUNKS,
    maxSize: MAX_CACHE_SIZE,
    sizeCalculation: sizeOf,
    ignoreFetchAbort: true,
    fetchMethod: (_key, _stale, { context }) => this.#options.log.range(context, CHUNK_SIZE),
  });
  readonly #decisions = new LRUCache<string, readonly Change[], LogSpan & { readonly collections: readonly string[] }>({
    max: MAX_CACHED_DECISIONS,
    maxSize: MAX_CACHE_SIZE,
    sizeCalculation: sizeOf,
    ignoreFetchAbort: true,
    fetchMethod: (_key, _stale, { context: { collections, ...span } }) => this.#options.log.deciding(span, collections),
  });

  constructor(options: ReplaySourceOptions<Principal>) {
    this.#options = options;
  }

  /** Rules or principals have changed: what an audience could see before no longer holds. */
  invalidate(): void {
    this.#frames.clear();
  }

  head(): Promise<number> {
    return this.#options.log.head();
  }

  trimmedTo(): Promise<number> {
    return this.#options.log.trimmedTo();
  }

  /** At most `CHUNK_SIZE` changes. */
  async changes(span: LogSpan): Promise<readonly Change[]> {
    const changes = await this.#chunks.forceFetch(`${span.after}-${span.upTo}`, { context: span });
    await this.#options.prepare(changes);
    return changes;
  }

  /** The changes of collections that may have changed what someone sees. */
  async deciding(span: LogSpan, collections: readonly string[]): Promise<readonly Change[]> {
    if (span.after >= span.upTo || collections.length === 0) return [];
    const key = `${span.after}-${span.upTo}\n${collections.join("\n")}`;
    return this.#decisions.forceFetch(key, { context: { ...span, collections } });
  }

  /** What happened to an account. */
  async ofAccount(span: LogSpan, account: Account | undefined): ReturnType<LogReader["ofAccount"]> {
    return account && span.after < span.upTo
      ? this.#options.log.ofAccount(span, account)
      : { isNew: false, changes: [] };
  }

  frames(change: Change, audience: Audience<Principal>): Promise<Outcome> {
    const context = { change, audience };
    const version = audience.cacheable ? this.#options.versionOf(change) : undefined;
    if (version === undefined) return this.#evaluate(context);
    return this.#frames.forceFetch(`${change.seq}\n${version}\n${audience.key}`, { context });
  }

  async #evaluate({ change, audience }: Evaluation<Principal>): Promise<Outcome> {
    const event = await this.#options.eventFor(change, audience);
    if (typeof event === "string") return event;
    return event ? new FrameSet(event, new ChangeCursors(this.#options.cursors, change.seq)) : "nothing";
  }
}

/** Characters of the changes' values, about; at least 1, as the cache wants it. */
function sizeOf(changes: readonly Change[]): number {
  let size = 1;
  for (const { before, after } of changes) size += JSON.stringify([before, after]).length;
  return size;
}
