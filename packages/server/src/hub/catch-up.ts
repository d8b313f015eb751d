import { type Cursor, type Epoch, formatCursor, type ResyncReason, resyncEvent } from "@headwater/protocol";
import { LRUCache } from "lru-cache";
import pLimit from "p-limit";
import { TurnShare } from "../lib/turn-share.ts";
import type { Change } from "../log/change.ts";
import { cursorProblem } from "../log/cursor-problem.ts";
import { type Delivery, framesOf } from "./deliver.ts";
import type { DeliveryPosition } from "./delivery-position.ts";
import { FrameSet } from "./frame.ts";
import type { HubMetrics } from "./hub-metrics.ts";
import type { Audience, Replay, Session } from "./session.ts";
import type { EventOutcome } from "./visibility.ts";

/** What the hub reads of the log. */
export interface LogReader {
  /** The seq of the newest committed change, delivered or not. */
  head(): Promise<number>;
  /** Every change after this seq is still in the log. */
  trimmedTo(): Promise<number>;
  /** The changes after `after` and up to `upTo`, in order, at most `limit` of them. */
  range(after: number, upTo: number, limit: number): Promise<readonly Change[]>;
}

export interface CatchUpOptions<Principal> {
  readonly epoch: Epoch;
  readonly log: LogReader;
  /** Where live sessions are. */
  readonly position: DeliveryPosition;
  readonly metrics: HubMetrics;
  topicsOf(change: Change): readonly string[];
  eventFor(change: Change, audience: Audience<Principal>): Promise<EventOutcome>;
  mayChangeVisibility(change: Change, audience: Audience<Principal>): boolean;
  onError(error: unknown): void;
}

/** Changes that one read of the log returns. */
const CHUNK_SIZE = 128;
/** Sessions that replay at the same time; the others wait their turn. */
const MAX_CONCURRENT = 32;
/** How long all replays together may keep a turn of the event loop, in milliseconds. */
const MAX_TURN_MS = 4;
/** Entries kept for clients that reconnect from the same place: after a restart that is all of them. */
const MAX_CACHED_FRAMES = 8_192;
const MAX_CACHED_CHUNKS = 64;
/** Characters that each cache holds, about: a single record may have megabytes. */
const MAX_CACHE_SIZE = 16 << 20;

/** Records that appeared and are gone again, above which a client reads everything again. */
const MAX_UNTOLD = 10_000;

/** A part of the log that is being sent to one session. */
interface Chunk {
  readonly changes: readonly Change[];
  /** The position of live sessions when it was read. */
  readonly upTo: number;
  sent: number;
}

/** What a change is to an audience. */
type Outcome = FrameSet | "nothing" | "untold" | "unknown";

/** Decides what one change is to one audience. */
interface Evaluation<Principal> {
  readonly change: Change;
  readonly audience: Audience<Principal>;
}

/**
 * Sends sessions what they missed, from the log, under the rules of now, and lets them go live without a gap or a
 * duplicate. A session that catches up gets nothing live: the log has it all, so nothing needs to be buffered for it.
 */
export class CatchUp<Principal> {
  readonly #options: CatchUpOptions<Principal>;
  readonly #position: DeliveryPosition;
  readonly #limit = pLimit(MAX_CONCURRENT);
  readonly #turns = new TurnShare(MAX_TURN_MS);
  /** What a change is to an audience. */
  readonly #frames = new LRUCache<string, Outcome, Evaluation<Principal>>({
    max: MAX_CACHED_FRAMES,
    maxSize: MAX_CACHE_SIZE,
    sizeCalculation: (frames) => (typeof frames === "string" ? 1 : frames.event.data.length),
    // A caller that waits for an entry still gets it if the entry is dropped meanwhile.
    ignoreFetchAbort: true,
    fetchMethod: (_key, _stale, { context }) => this.#evaluate(context),
  });
  /** Never stale: what the log holds up to a position does not change. */
  readonly #chunks = new LRUCache<string, readonly Change[], { readonly after: number; readonly upTo: number }>({
    max: MAX_CACHED_CHUNKS,
    maxSize: MAX_CACHE_SIZE,
    sizeCalculation: sizeOf,
    ignoreFetchAbort: true,
    fetchMethod: (_key, _stale, { context: { after, upTo } }) => this.#options.log.range(after, upTo, CHUNK_SIZE),
  });

  constructor(options: CatchUpOptions<Principal>) {
    this.#options = options;
    this.#position = options.position;
  }

  /** Rules or principals have changed: what an audience could see before no longer holds. */
  invalidate(): void {
    this.#frames.clear();
  }

  /**
   * Called between two changes; returns at once.
   *
   * @param since the client's cursor, for the subscriptions that are new
   * @param known names of those that it already had: they go on from where they are
   */
  start(session: Session<Principal>, since: Cursor, known: ReadonlySet<string>): void {
    const { replay } = session;
    const position = replay?.position ?? this.#position.seq;
    const startOf = (name: string): number =>
      known.has(name) ? Math.max(position, replay?.startOf.get(name) ?? 0) : since.seq;
    const starts = new Map(session.audiences.map(({ subscription: { name } }) => [name, startOf(name)]));
    const next: Replay = { startOf: starts, position: Math.min(...starts.values()) };
    session.startCatchUp(next);
    // Whatever went wrong: a client that is cut reconnects and asks again, one that is left waiting does not.
    this.#run(session, next, since, position).catch((error: unknown) => {
      this.#options.onError(error);
      session.close("failed");
    });
  }

  /** @param position where the subscriptions that it already had go on if the cursor can't be answered */
  async #run(session: Session<Principal>, replay: Replay, since: Cursor, position: number): Promise<void> {
    let current = replay;
    let unsent = await this.#limit(async () => {
      const problem = await this.#problemOf(since);
      if (session.replay !== replay) return undefined;
      if (problem) {
        this.#resync(session, problem, position);
        current = { startOf: new Map(), position };
        session.startCatchUp(current);
      }
      return this.#replayUntilFull(session, current, undefined);
    });
    while (unsent) {
      // Outside of the limit: clients that do not read must not keep others from catching up.
      await session.waitForRoom();
      const rest = unsent;
      unsent = await this.#limit(() => this.#replayUntilFull(session, current, rest));
    }
  }

  async #problemOf(since: Cursor): Promise<ResyncReason | undefined> {
    const { epoch, log } = this.#options;
    // A list's cursor may be ahead of what has been delivered, but none of ours is ahead of the log.
    const head = since.seq > this.#position.seq ? await log.head() : this.#position.seq;
    return cursorProblem(since, { epoch, head, trimmedTo: await log.trimmedTo() });
  }

  /**
   * Sends what comes after the session's position until it is where live sessions are, and lets it go live there.
   *
   * @param rest what an earlier call could not send
   * @returns what is left because the socket is full; `undefined` if the replay is over
   */
  async #replayUntilFull(
    session: Session<Principal>,
    replay: Replay,
    rest: Chunk | undefined,
  ): Promise<Chunk | undefined> {
    let chunk = rest;
    while (session.replay === replay) {
      chunk ??= await this.#read(session, replay);
      if (!chunk) continue;
      const { changes, upTo } = chunk;
      while (chunk.sent < changes.length) {
        const isSent = await this.#send(session, replay, changes[chunk.sent]!);
        chunk.sent += 1;
        if (session.replay !== replay) return undefined;
        if (!isSent) break;
        if (!session.hasRoom) return chunk;
      }
      // The position may have no change of its own: task events leave the log once they are stored elsewhere.
      if (changes.length < CHUNK_SIZE) replay.position = Math.max(replay.position, upTo);
      this.#options.metrics.replayed("read", changes.length);
      await this.#goLiveIfCaughtUp(session, replay);
      chunk = undefined;
    }
    return undefined;
  }

  /** @returns `undefined` if the session has moved on, or skips ahead with a resync */
  async #read(session: Session<Principal>, replay: Replay): Promise<Chunk | undefined> {
    const upTo = this.#position.seq;
    const after = replay.position;
    const changes = await this.#chunks.forceFetch(`${after}-${upTo}`, { context: { after, upTo } });
    // Looked up after the read: what was trimmed before or during it may be missing from it.
    const isComplete = after >= (await this.#options.log.trimmedTo());
    if (session.replay !== replay) return undefined;
    // Which other records a change made visible can't be found out later: not for it, nor for those before it.
    const reason = isComplete ? this.#mayChangeVisibility(changes, replay, session) && "visibility" : "expired";
    if (!reason) return { changes, upTo, sent: 0 };
    replay.position = this.#position.seq;
    this.#resync(session, reason, replay.position);
    return undefined;
  }

  /** @returns whether the replay goes on after this change; `false` if it skips ahead with a resync */
  async #send(session: Session<Principal>, replay: Replay, change: Change): Promise<boolean> {
    const topics = new Set(this.#options.topicsOf(change));
    const deliveries: Delivery[] = [];
    const appeared: string[] = [];
    const gone: string[] = [];
    let isKnown = (replay.untold?.size ?? 0) < MAX_UNTOLD;
    const { audiences } = session;
    for (const audience of audiences) {
      const { name, label } = audience.subscription;
      if (!topics.has(audience.topic) || change.seq <= (replay.startOf.get(name) ?? 0)) continue;
      const frames = await this.#framesFor(change, audience);
      const pause = this.#turns.pause(performance.now());
      if (pause) await pause;
      const key = `${name}\n${change.collection}/${change.record}`;
      if (frames === "untold") appeared.push(key);
      isKnown &&= frames !== "unknown";
      if (typeof frames === "string") continue;
      if (change.isErased && replay.untold?.has(key)) gone.push(key);
      else deliveries.push({ label: label, frames });
    }
    if (session.replay !== replay) return false;
    // Rules or principals changed during the evaluation: its result no longer holds.
    if (session.audiences !== audiences) return this.#send(session, replay, change);
    if (!isKnown) {
      replay.position = this.#position.seq;
      this.#resync(session, "visibility", replay.position);
      return false;
    }
    for (const key of appeared) (replay.untold ??= new Set()).add(key);
    for (const key of gone) replay.untold?.delete(key);
    session.send(framesOf(session.codec, deliveries));
    replay.position = change.seq;
    return true;
  }

  #mayChangeVisibility(changes: readonly Change[], replay: Replay, { audiences }: Session<Principal>): boolean {
    return audiences
      .filter(({ dependsOn }) => dependsOn !== undefined)
      .some((audience) => {
        const start = replay.startOf.get(audience.subscription.name) ?? 0;
        return changes.some((change) => change.seq > start && this.#options.mayChangeVisibility(change, audience));
      });
  }

  #framesFor(change: Change, audience: Audience<Principal>): Promise<Outcome> {
    const context = { change, audience };
    if (!audience.cacheable) return this.#evaluate(context);
    return this.#frames.forceFetch(`${change.seq}\n${audience.key}`, { context });
  }

  async #evaluate({ change, audience }: Evaluation<Principal>): Promise<Outcome> {
    const event = await this.#options.eventFor(change, audience);
    if (typeof event === "string") return event;
    const cursor = formatCursor({ epoch: this.#options.epoch, seq: change.seq });
    return event ? new FrameSet(event, cursor) : "nothing";
  }

  #goLiveIfCaughtUp(session: Session<Principal>, replay: Replay): Promise<void> {
    return new Promise((resolve) => {
      this.#position.betweenChanges(() => {
        if (replay.position >= this.#position.seq && session.replay === replay) session.goLive(replay.position);
        resolve();
      });
    });
  }

  /** Says that changes are missing: the client must read everything again, and gets all that comes after `seq`. */
  #resync(session: Session<Principal>, reason: ResyncReason, seq: number): void {
    this.#options.metrics.replayed(reason, 0);
    const cursor = formatCursor({ epoch: this.#options.epoch, seq });
    session.send([session.codec.encode(resyncEvent(reason, cursor, Date.now()), [], cursor)]);
  }
}

/** Characters of the changes' values, about; at least 1, as the cache wants it. */
function sizeOf(changes: readonly Change[]): number {
  let size = 1;
  for (const { before, after } of changes) size += JSON.stringify([before, after]).length;
  return size;
}
