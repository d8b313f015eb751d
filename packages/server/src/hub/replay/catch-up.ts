import { type ResyncReason, resyncEvent } from "@headwater/protocol";
import pLimit from "p-limit";
import { TurnShare } from "../../lib/scheduling/turn-share.ts";
import type { Change } from "../../log/change.ts";
import { positionProblem } from "../../log/cursor-problem.ts";
import { splitAt } from "./change-part.ts";
import { type Delivery, framesOf } from "../deliver.ts";
import type { DeliveryPosition } from "../delivery-position.ts";
import type { HubMetrics } from "../hub-metrics.ts";
import { createReplay, hasUpTo, isBehind, type Problems, type Replay, type Since, skipTo } from "./replay.ts";
import { CHUNK_SIZE, ReplaySource, type ReplaySourceOptions } from "./replay-source.ts";
import type { Session } from "../session.ts";
import type { Account } from "../visibility.ts";

export interface CatchUpOptions<Principal> extends ReplaySourceOptions<Principal> {
  /** Where live sessions are. */
  readonly position: DeliveryPosition;
  readonly metrics: HubMetrics;
  topicsOf(change: Change): readonly string[];
  accountOf(session: Session<Principal>): Account | undefined;
  mayChangeVisibility(change: Change, session: Session<Principal>, name: string): boolean;
  onError(error: unknown): void;
}

/** Sessions that replay at the same time; the others wait their turn. */
const MAX_CONCURRENT = 32;
/** How long all replays together may keep a turn of the event loop, in milliseconds. */
const MAX_TURN_MS = 4;

/** Records that appeared and are gone again, above which a client reads everything again. */
const MAX_UNTOLD = 10_000;

/** A part of the log that is being sent to one session. */
interface Chunk {
  readonly changes: readonly Change[];
  /** The position of live sessions when it was read. */
  readonly upTo: number;
  sent: number;
}

/**
 * Sends sessions what they missed, from the log, under the rules of now, and lets them go live without a gap or a
 * duplicate. A session that catches up gets nothing live: the log has it all, so nothing needs to be buffered for it.
 */
export class CatchUp<Principal> {
  readonly #options: CatchUpOptions<Principal>;
  readonly #position: DeliveryPosition;
  readonly #source: ReplaySource<Principal>;
  readonly #limit = pLimit(MAX_CONCURRENT);
  readonly #turns = new TurnShare(MAX_TURN_MS);

  constructor(options: CatchUpOptions<Principal>) {
    this.#options = options;
    this.#position = options.position;
    this.#source = new ReplaySource(options);
  }

  /** Rules or principals have changed: what an audience could see before no longer holds. */
  invalidate(): void {
    this.#source.invalidate();
  }

  /**
   * Called between two changes; returns at once.
   *
   * @param since what the client has of the subscriptions that are new; one without a cursor starts now
   * @param known names of those that it already had: they go on from where they are
   */
  start(session: Session<Principal>, since: Since, known: ReadonlySet<string>): void {
    const { replay, problems } = createReplay(session, since, known, this.#position.seq);
    session.startCatchUp(replay);
    // Whatever went wrong: a client that is cut reconnects and asks again, one that is left waiting does not.
    this.#run(session, replay, problems).catch((error: unknown) => {
      this.#options.onError(error);
      session.close("failed");
    });
  }

  async #run(session: Session<Principal>, replay: Replay, lost: Problems): Promise<void> {
    let unsent = await this.#limit(async () => {
      const problems = new Map([...lost, ...(await this.#problemsOf(replay))]);
      if (session.replay !== replay) return undefined;
      this.#skip(session, replay, problems);
      return this.#replayUntilFull(session, replay, undefined);
    });
    while (unsent) {
      // Outside of the limit: clients that do not read must not keep others from catching up.
      await session.waitForRoom();
      const rest = unsent;
      unsent = await this.#limit(() => this.#replayUntilFull(session, replay, rest));
    }
  }

  /** The subscriptions whose cursors the log can't answer. */
  async #problemsOf({ sinceOf }: Replay): Promise<Problems> {
    const problems = new Map<string, ResyncReason>();
    if (sinceOf.size === 0) return problems;
    // A list's cursor may be ahead of what has been delivered, but none of ours is ahead of the log.
    const isAhead = Math.max(...sinceOf.values()) > this.#position.seq;
    const bounds = {
      head: isAhead ? await this.#source.head() : this.#position.seq,
      trimmedTo: await this.#source.trimmedTo(),
    };
    for (const [name, seq] of sinceOf) {
      const problem = positionProblem(seq, bounds);
      if (problem) problems.set(name, problem);
    }
    return problems;
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
        await this.#send(session, replay, changes[chunk.sent]!);
        chunk.sent += 1;
        if (session.replay !== replay) return undefined;
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
    if (!(await this.#isStillOpen(session, replay, upTo))) return undefined;
    const changes = await this.#source.changes({ after, upTo });
    // Looked up after the read: what was trimmed before or during it may be missing from it.
    const isComplete = after >= (await this.#source.trimmedTo());
    if (session.replay !== replay) return undefined;
    if (isComplete) return { changes, upTo, sent: 0 };
    this.#skip(session, replay, this.#problemOfAll(replay, "expired"));
    return undefined;
  }

  /**
   * Looks ahead: could the session's principal have seen all this time what it may see now? What a subscription could not
   * have been sent live is not replayed, and which other records a missed change made visible can't be found out later.
   *
   * @returns false if the session has moved on, or skips ahead
   */
  async #isStillOpen(session: Session<Principal>, replay: Replay, upTo: number): Promise<boolean> {
    const { audiences } = session;
    if (replay.checked.audiences === audiences && replay.checked.upTo >= upTo) return true;
    const checkedTo = replay.checked.audiences === audiences ? replay.checked.upTo : 0;
    const span = { after: Math.max(checkedTo, replay.position), upTo };
    const collections = [...new Set(audiences.flatMap(({ decidedBy }) => decidedBy))].sort();
    const account = await this.#source.ofAccount(span, this.#options.accountOf(session));
    const changes = [...account.changes, ...(await this.#source.deciding(span, collections))];
    if (session.replay !== replay || session.audiences !== audiences) return false;
    replay.checked = { audiences, upTo };
    // What an account of another life could see is not its own.
    if (account.isNew) {
      this.#skip(session, replay, this.#problemOfAll(replay, "visibility"));
      return false;
    }
    const problems = new Map<string, ResyncReason>();
    for (const name of replay.startOf.keys()) {
      const start = hasUpTo(replay, name);
      const isChanged = changes.some(
        (change) => change.seq > start && this.#options.mayChangeVisibility(change, session, name),
      );
      if (isChanged) problems.set(name, "visibility");
    }
    this.#skip(session, replay, problems);
    return problems.size === 0;
  }

  async #send(session: Session<Principal>, replay: Replay, change: Change): Promise<void> {
    const topics = new Set(this.#options.topicsOf(change));
    const deliveries: Delivery[] = [];
    const appeared: string[] = [];
    const gone: string[] = [];
    const unknown = new Map<string, ResyncReason>();
    const isFull = (replay.untold?.size ?? 0) >= MAX_UNTOLD;
    const { audiences } = session;
    for (const audience of audiences) {
      const { name, label } = audience.subscription;
      if (!topics.has(audience.topic) || change.seq <= hasUpTo(replay, name)) continue;
      const frames = await this.#source.frames(change, audience);
      const pause = this.#turns.pause(performance.now());
      if (pause) await pause;
      const key = `${name}\n${change.collection}/${change.record}`;
      if (frames === "unknown" || (frames === "untold" && isFull)) unknown.set(name, "visibility");
      else if (frames === "untold") appeared.push(key);
      if (typeof frames === "string") continue;
      if (change.isErased && replay.untold?.has(key)) gone.push(key);
      else deliveries.push({ name, label, frames });
    }
    if (session.replay !== replay) return;
    // Rules or principals changed during the evaluation: its result no longer holds.
    if (session.audiences !== audiences) return this.#send(session, replay, change);
    for (const key of appeared) (replay.untold ??= new Set()).add(key);
    for (const key of gone) replay.untold?.delete(key);
    // Before the events: a client that is cut off between must not take their place for one of all its subscriptions.
    this.#skip(session, replay, unknown);
    const { sent, rest } = splitAt(deliveries, replay.part?.seq === change.seq ? replay.part.part : undefined);
    session.send(framesOf(session.codec, rest, isBehind(replay, change.seq) ? "named" : "all", sent));
    replay.position = Math.max(replay.position, change.seq);
  }

  async #goLiveIfCaughtUp(session: Session<Principal>, replay: Replay): Promise<void> {
    const isCaughtUp = await new Promise<boolean>((resolve) => {
      this.#position.betweenChanges(() => {
        const { seq } = this.#position;
        // One of several subscriptions may be ahead of what has been delivered, by a list's cursor.
        const caughtUp = replay.position >= seq && !isBehind(replay, replay.position);
        if (caughtUp && session.replay === replay) session.goLive(replay.position);
        resolve(caughtUp || replay.position < seq);
      });
    });
    if (!isCaughtUp) await this.#position.next();
  }

  #problemOfAll(replay: Replay, reason: ResyncReason): Problems {
    const behind = [...replay.startOf.keys()].filter((name) => hasUpTo(replay, name) < this.#position.seq);
    return new Map(behind.map((name) => [name, reason]));
  }

  /**
   * Says that changes are missing: the client must read everything again that the message names, and gets all that comes
   * after.
   */
  #skip(session: Session<Principal>, replay: Replay, problems: Problems): void {
    if (problems.size === 0) return;
    const { seq } = this.#position;
    const { cursors, metrics } = this.#options;
    const isAboutAll = [...replay.startOf.keys()].every((name) => problems.has(name));
    skipTo(replay, seq, problems.keys());
    for (const reason of new Set(problems.values())) {
      metrics.replayed(reason, 0);
      const names = [...problems.keys()].filter((name) => problems.get(name) === reason);
      const isLast = isAboutAll && names.length === problems.size;
      const cursor = cursors.format(seq, isLast ? "all" : "named");
      const event = resyncEvent(reason, cursor, Date.now());
      session.send([session.codec.encode(event, session.labelsOf(names), isLast ? cursor : undefined)]);
    }
  }
}
