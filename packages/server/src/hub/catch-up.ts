import {
  type Cursor,
  type Epoch,
  formatCursor,
  type ResyncReason,
  type OutgoingEvent,
  resyncEvent,
} from "@headwater/protocol";
import { PromiseCache } from "../lib/promise-cache.ts";
import type { Change } from "../log/change.ts";
import { framesOf, type Delivery } from "./deliver.ts";
import { FrameSet } from "./frame.ts";
import type { HubMetrics } from "./hub-metrics.ts";
import type { DeliveryPosition } from "./delivery-position.ts";
import type { Hold, Session } from "./session.ts";
import type { Audience } from "./topic-index.ts";

/** What is left of the log: where it begins, and its changes. */
export interface History {
  /** The seq of the newest change that is committed, told or not. */
  head(): Promise<number>;
  /** Every change above this seq is still there. */
  floor(): Promise<number>;
  /** The changes above `after` and up to `upTo`, in order, at most `limit` of them. */
  span(after: number, upTo: number, limit: number): Promise<readonly Change[]>;
}

export interface CatchUpOptions<Principal> {
  readonly epoch: Epoch;
  readonly history: History;
  /** Of those who are live. */
  readonly progress: DeliveryPosition;
  readonly meters: HubMetrics;
  topicsOf(change: Change): readonly string[];
  present(change: Change, audience: Audience<Principal>): Promise<OutgoingEvent | undefined>;
  mayMove(change: Change, audience: Audience<Principal>): boolean;
  onError(error: unknown): void;
}

/** Changes that are read at a time. */
const BATCH = 128;
/** Sessions that read at the same time; the others wait their turn. */
const AT_ONCE = 32;
/** Answers kept for those who come back from the same place: after a restart that is everyone. */
const SHARED_ANSWERS = 8_192;
const SHARED_SPANS = 64;
/** Characters that either may hold, more or less: a single record may have megabytes. */
const SHARED_SIZE = 16 << 20;

/**
 * Gives sessions what they missed, from the log, by what they may see now, and lets them go live without a gap or a
 * double. While a session catches up nothing live reaches it: the log has that too, so nothing needs to be held for it.
 */
export class CatchUp<Principal> {
  readonly #options: CatchUpOptions<Principal>;
  readonly #progress: DeliveryPosition;
  readonly #answers = new PromiseCache<FrameSet | "nothing">(SHARED_ANSWERS, SHARED_SIZE, (answer) =>
    answer === "nothing" ? 1 : answer.telling.data.length,
  );
  readonly #spans = new PromiseCache<readonly Change[]>(SHARED_SPANS, SHARED_SIZE, (changes) => sizeOf(changes));
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: CatchUpOptions<Principal>) {
    this.#options = options;
    this.#progress = options.progress;
  }

  /** Rules or principals have changed: what was answered before may not be said again. */
  forget(): void {
    this.#answers.clear();
  }

  /**
   * Called between two changes; returns at once.
   *
   * @param since the cursor that the client gave, for all subscriptions that are new
   * @param known names of those that it had before: they go on from where they are
   */
  start(session: Session<Principal>, since: Cursor, known: ReadonlySet<string>): void {
    const position = session.hold?.progress ?? this.#progress.seq;
    const fromOf = (name: string): number =>
      known.has(name) ? Math.max(position, session.hold?.from.get(name) ?? 0) : since.seq;
    const from = new Map(session.audiences.map(({ subscription: { name } }) => [name, fromOf(name)]));
    session.hold = { from, progress: Math.min(...from.values()) };
    // Whatever went wrong: a client that is cut comes back and asks again, one that is left waiting does not.
    this.#run(session, session.hold, since, position).catch((error: unknown) => {
      this.#options.onError(error);
      session.close("failed");
    });
  }

  async #run(session: Session<Principal>, hold: Hold, since: Cursor, position: number): Promise<void> {
    await this.#enter();
    try {
      const reason = await this.#refusal(since);
      if (session.hold !== hold) return;
      if (reason) {
        this.#options.meters.replayed(reason, 0);
        this.#resync(session, reason, position);
        session.hold = { from: new Map(), progress: position };
      }
      await this.#replay(session, session.hold);
    } finally {
      this.#leave();
    }
  }

  /** Why what came behind the cursor can't be had. */
  async #refusal({ epoch, seq }: Cursor): Promise<ResyncReason | undefined> {
    const { history } = this.#options;
    if (epoch !== this.#options.epoch) return "epoch";
    // A list's cursor may be ahead of what was told by now, but no cursor of ours is ahead of the log.
    if (seq > this.#progress.seq && seq > (await history.head())) return "unknown";
    return seq < (await history.floor()) ? "expired" : undefined;
  }

  async #enter(): Promise<void> {
    while (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
  }

  #leave(): void {
    this.#running -= 1;
    this.#waiting.shift()?.();
  }

  /** Gives its turn to another while it waits: clients that do not read must not keep others from catching up. */
  async #stepAside(wait: () => Promise<void>): Promise<void> {
    this.#leave();
    await wait();
    await this.#enter();
  }

  /** Tells the session what is behind its place until it is where everyone is, and lets it go live there. */
  async #replay(session: Session<Principal>, hold: Hold): Promise<void> {
    while (session.hold === hold && !session.closed) {
      const upTo = this.#progress.seq;
      const changes = await this.#span(hold.progress, upTo);
      // Asked after the reading: what was trimmed before or during it may be missing from it.
      const isWhole = hold.progress >= (await this.#options.history.floor());
      if (session.hold !== hold) return;
      // What else a change moved can't be found out afterwards: not for it, and not for those before it.
      const reason = isWhole ? this.#mayMove(changes, hold, session) && "visibility" : "expired";
      if (reason) {
        hold.progress = this.#progress.seq;
        this.#options.meters.replayed(reason, 0);
        this.#resync(session, reason, hold.progress);
        continue;
      }
      for (const change of changes) {
        await this.#tell(session, hold, change);
        if (!session.hasRoom) await this.#stepAside(() => session.room());
      }
      // The last of them need not stand there: what tasks told is taken from the log when it is stored elsewhere.
      if (changes.length < BATCH) hold.progress = upTo;
      this.#options.meters.replayed("read", changes.length);
      await this.#releaseAt(session, hold);
    }
  }

  /** Shared by those who come back from the same place: what is up to `upTo` never changes. */
  #span(after: number, upTo: number): Promise<readonly Change[]> {
    return this.#spans.get(`${after}-${upTo}`, () => this.#options.history.span(after, upTo, BATCH));
  }

  async #tell(session: Session<Principal>, hold: Hold, change: Change): Promise<void> {
    const topics = new Set(this.#options.topicsOf(change));
    const told: Delivery[] = [];
    const { audiences } = session;
    for (const audience of audiences) {
      const { name, label } = audience.subscription;
      if (!topics.has(audience.topic) || change.seq <= (hold.from.get(name) ?? 0)) continue;
      const frames = await this.#answer(change, audience);
      if (frames !== "nothing") told.push({ name: label, frames });
    }
    if (session.hold !== hold) return;
    // Rules or principals changed while it was judged: what was found may not be said any more.
    if (session.audiences !== audiences) return this.#tell(session, hold, change);
    session.send(framesOf(session.codec, told));
    hold.progress = change.seq;
  }

  #mayMove(changes: readonly Change[], hold: Hold, { audiences }: Session<Principal>): boolean {
    return audiences
      .filter(({ follows }) => follows !== undefined)
      .some((audience) => {
        const from = hold.from.get(audience.subscription.name) ?? 0;
        return changes.some((change) => change.seq > from && this.#options.mayMove(change, audience));
      });
  }

  #answer(change: Change, audience: Audience<Principal>): Promise<FrameSet | "nothing"> {
    if (!audience.steady) return this.#ask(change, audience);
    return this.#answers.get(`${change.seq}\n${audience.key}`, () => this.#ask(change, audience));
  }

  async #ask(change: Change, audience: Audience<Principal>): Promise<FrameSet | "nothing"> {
    const telling = await this.#options.present(change, audience);
    const cursor = formatCursor({ epoch: this.#options.epoch, seq: change.seq });
    return telling ? new FrameSet(telling, cursor) : "nothing";
  }

  /** Lets the session go live if it was told all that everyone else was. */
  #releaseAt(session: Session<Principal>, hold: Hold): Promise<void> {
    return new Promise((resolve) => {
      this.#progress.between(() => {
        if (hold.progress >= this.#progress.seq && session.hold === hold) session.release(hold.progress);
        resolve();
      });
    });
  }

  /** Says that there is no catching up: the client must read everything anew, and has all that comes behind `seq`. */
  #resync(session: Session<Principal>, reason: ResyncReason, seq: number): void {
    const cursor = formatCursor({ epoch: this.#options.epoch, seq });
    session.send([session.codec.encode(resyncEvent(reason, cursor, Date.now()), [], cursor)]);
  }
}

/** Characters of what the changes hold, about. */
function sizeOf(changes: readonly Change[]): number {
  let size = 1;
  for (const { before, after } of changes) size += JSON.stringify([before, after]).length;
  return size;
}
