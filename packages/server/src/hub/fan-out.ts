import { type OutgoingEvent, resyncEvent } from "@headwater/protocol";
import type { Meter } from "../lib/scheduling/meter.ts";
import type { Change } from "../log/change.ts";
import type { ChangeCursors } from "./replay/change-cursors.ts";
import type { AudienceDelivery } from "./deliver.ts";
import type { EvaluationLimits } from "./evaluation/evaluation-budget.ts";
import { Evaluator, type Outcome } from "./evaluation/evaluator.ts";
import { FrameSet } from "./frame.ts";
import type { FormerAudiences } from "./former-audiences.ts";
import { type Reassignments, sessionsKeptIn, type VisibilityChanges } from "./reassignments.ts";
import type { Roster } from "./roster.ts";
import type { Audience, Session } from "./session.ts";
import type { EventOutcome, Visibility } from "./visibility.ts";

export interface FanOutOptions<Principal> {
  readonly visibility: Visibility<Principal>;
  readonly roster: Roster<Principal>;
  readonly reassignments: Reassignments<Principal>;
  readonly formerAudiences: FormerAudiences<Principal>;
  readonly limits: EvaluationLimits<Principal>;
  /** Called for an audience that could not be evaluated; the others get theirs. */
  readonly onError: (error: unknown, change: Change) => void;
}

/** What a change is to all its audiences. */
export interface FannedOut<Principal> {
  readonly deliveries: readonly AudienceDelivery<Principal>[];
  /** Sessions for which it takes too long to find out. */
  readonly overloaded: ReadonlySet<Session<Principal>>;
}

/** Some sessions, and how to find out what a change does to what they can see. */
interface VisibilityQuery<Principal> {
  readonly audience: Audience<Principal>;
  readonly sessions: ReadonlySet<Session<Principal>>;
  readonly evaluate: () => Promise<VisibilityChanges>;
}

/** From one change to what each of its audiences gets. */
export class FanOut<Principal> {
  readonly #visibility: Visibility<Principal>;
  readonly #roster: Roster<Principal>;
  readonly #reassignments: Reassignments<Principal>;
  readonly #formerAudiences: FormerAudiences<Principal>;
  readonly #evaluator: Evaluator<Principal>;
  readonly #onError: (error: unknown, change: Change) => void;

  constructor({ visibility, roster, reassignments, formerAudiences, limits, onError }: FanOutOptions<Principal>) {
    this.#visibility = visibility;
    this.#roster = roster;
    this.#reassignments = reassignments;
    this.#formerAudiences = formerAudiences;
    this.#evaluator = new Evaluator(limits);
    this.#onError = onError;
  }

  /**
   * The event of the change itself, for everyone who can see it.
   *
   * @param cursors the change's; `undefined` if it is in no log
   */
  async changeEvents(change: Change, cursors: ChangeCursors | undefined): Promise<FannedOut<Principal>> {
    const topics = this.#visibility.topicsOf(change);
    const routingValues = (example: Audience<Principal>) => this.#routingValues(change, example);
    const found = (await Promise.all(topics.map((topic) => this.#roster.audiences(topic, routingValues)))).flat();
    const audiences = this.#formerAudiences.restore(change, topics, found);
    const evaluations = audiences.map((audience) => ({
      sessions: audience.sessions,
      evaluate: (meter: Meter) =>
        this.#visibility.eventFor(change, audience.subscription, audience.principal, "live", meter),
    }));
    const outcomes = await this.#evaluator.all(evaluations, (error) => this.#onError(error, change));
    const fannedOut = new Results<Principal>(change, cursors);
    for (const [i, outcome] of outcomes.entries()) fannedOut.add(audiences[i]!, audiences[i]!.sessions, outcome);
    return fannedOut;
  }

  /** The events of other records that the change makes visible or invisible to someone. They precede its own. */
  async visibilityEvents(change: Change, cursors: ChangeCursors): Promise<FannedOut<Principal>> {
    const queries = this.#visibilityQueries(change);
    const outcomes = await this.#evaluator.all(queries, (error) => this.#onError(error, change));
    const fannedOut = new Results<Principal>(change, cursors, false);
    for (const [i, outcome] of outcomes.entries()) fannedOut.add(queries[i]!.audience, queries[i]!.sessions, outcome);
    return fannedOut;
  }

  /** @returns `unknown` if it could not be found out */
  async eventFor(
    change: Change,
    { subscription, principal }: Audience<Principal>,
    mode: "live" | "replayed",
  ): Promise<EventOutcome> {
    try {
      return await this.#visibility.eventFor(change, subscription, principal, mode);
    } catch (error) {
      this.#onError(error, change);
      return "unknown";
    }
  }

  #visibilityQueries(change: Change): VisibilityQuery<Principal>[] {
    const reassignments = this.#reassignments.take();
    const reassigned = new Set(reassignments.map(({ audience }) => audience));
    const queries: VisibilityQuery<Principal>[] = reassignments.map(({ audience, sessions, diff }) => ({
      audience,
      sessions,
      evaluate: () => diff(change, audience.principal),
    }));
    for (const audience of this.#roster.dependents(change.collection)) {
      const { subscription, principal } = audience;
      // The query of a reassigned session covers all that the change does to what it can see.
      const sessions = reassigned.has(audience) ? new Set(sessionsKeptIn(audience, reassignments)) : audience.sessions;
      const evaluate = () => this.#visibility.visibilityChanges(change, subscription, principal);
      queries.push({ audience, sessions, evaluate });
    }
    return queries;
  }

  /** @returns `undefined` if they can't be read: then the change may reach any audience */
  async #routingValues(
    change: Change,
    { subscription, principal }: Audience<Principal>,
  ): Promise<readonly unknown[] | undefined> {
    try {
      return await this.#visibility.routingValues(change, subscription, principal);
    } catch (error) {
      this.#onError(error, change);
      return undefined;
    }
  }
}

/** Collects what a change is to each audience. */
class Results<Principal> implements FannedOut<Principal> {
  readonly deliveries: AudienceDelivery<Principal>[] = [];
  readonly overloaded = new Set<Session<Principal>>();
  readonly #change: Change;
  readonly #cursors: ChangeCursors | undefined;
  readonly #isOwn: boolean;
  /** By data: events of one change with the same data are the same event. */
  readonly #framesOf = new Map<string, FrameSet>();
  #resync: FrameSet | undefined;

  /** @param isOwn they are events of the changed record itself */
  constructor(change: Change, cursors: ChangeCursors | undefined, isOwn = true) {
    this.#isOwn = isOwn;
    this.#change = change;
    this.#cursors = cursors;
  }

  add(
    { codec, subscription }: Audience<Principal>,
    sessions: ReadonlySet<Session<Principal>>,
    outcome: Outcome<EventOutcome | readonly OutgoingEvent[]>,
  ): void {
    if (outcome === "overload") {
      for (const session of sessions) this.overloaded.add(session);
      return;
    }
    const { name, label } = subscription;
    for (const frames of this.#framesFor(outcome)) {
      this.deliveries.push({ sessions, codec, name: this.#isOwn ? name : undefined, label, frames });
    }
  }

  #framesFor(outcome: Parameters<Results<Principal>["add"]>[2]): readonly FrameSet[] {
    if (outcome === undefined) return [];
    const result = typeof outcome === "object" ? outcome.result : "unknown";
    if (result === undefined || result === "untold") return [];
    if (result === "unknown") return this.#resyncFrames();
    return (isEvent(result) ? [result] : result).map((event) => this.#frames(event));
  }

  #frames(event: OutgoingEvent): FrameSet {
    let frames = this.#framesOf.get(event.data);
    if (!frames) this.#framesOf.set(event.data, (frames = new FrameSet(event, this.#cursors)));
    return frames;
  }

  /** The subscription must be read again; one that misses an event that is in no log has missed nothing. */
  #resyncFrames(): readonly FrameSet[] {
    const cursor = this.#cursors?.text("named");
    if (cursor === undefined) return [];
    this.#resync ??= new FrameSet(resyncEvent("visibility", cursor, this.#change.time), this.#cursors);
    return [this.#resync];
  }
}

const isEvent = (result: OutgoingEvent | readonly OutgoingEvent[]): result is OutgoingEvent => "data" in result;
