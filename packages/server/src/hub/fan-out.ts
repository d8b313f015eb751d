import { type OutgoingEvent, resyncEvent } from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import type { AudienceDelivery } from "./deliver.ts";
import { FrameSet } from "./frame.ts";
import { type Reassignments, sessionsKeptIn, type VisibilityChanges } from "./reassignments.ts";
import type { Roster } from "./roster.ts";
import type { Session } from "./session.ts";
import type { Audience } from "./topic-index.ts";
import type { Visibility } from "./visibility.ts";

export interface FanOutOptions<Principal> {
  readonly visibility: Visibility<Principal>;
  readonly roster: Roster<Principal>;
  readonly reassignments: Reassignments<Principal>;
  /** Called for an audience that could not be evaluated; it gets nothing, and the others get theirs. */
  readonly onError: (error: unknown, change: Change) => void;
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
  readonly #onError: (error: unknown, change: Change) => void;

  constructor({ visibility, roster, reassignments, onError }: FanOutOptions<Principal>) {
    this.#visibility = visibility;
    this.#roster = roster;
    this.#reassignments = reassignments;
    this.#onError = onError;
  }

  /**
   * The event of the change itself, for everyone who can see it.
   *
   * @param cursor the change's; `undefined` if it is in no log
   */
  async changeEvents(change: Change, cursor: string | undefined): Promise<AudienceDelivery<Principal>[]> {
    const routingValues = ({ subscription, principal }: Audience<Principal>) =>
      this.#orElse<readonly unknown[] | undefined>(change, undefined, () =>
        this.#visibility.routingValues(change, subscription, principal),
      );
    const topics = this.#visibility.topicsOf(change);
    const audiences = (await Promise.all(topics.map((topic) => this.#roster.audiences(topic, routingValues)))).flat();
    // All start before the first is awaited, so that those that need the database share one query.
    const events = await Promise.all(audiences.map((audience) => this.eventFor(change, audience, "live")));
    const deliveries: AudienceDelivery<Principal>[] = [];
    // All are about one record, so events with the same data are the same event.
    const framesOf = new Map<string, FrameSet>();
    for (const [i, event] of events.entries()) {
      // A live event is always known: the log has all its values until it is delivered.
      if (!event || event === "unknown") continue;
      let frames = framesOf.get(event.data);
      if (!frames) framesOf.set(event.data, (frames = new FrameSet(event, cursor)));
      const { sessions, codec, subscription } = audiences[i]!;
      deliveries.push({ sessions, codec, label: subscription.label, frames });
    }
    return deliveries;
  }

  /** The events of other records that the change makes visible or invisible to someone. They precede its own. */
  async visibilityEvents(change: Change, cursor: string): Promise<AudienceDelivery<Principal>[]> {
    const queries = this.#visibilityQueries(change);
    // If the changes can't be found out, everything must be read again.
    const results = await Promise.all(
      queries.map(({ evaluate }) => this.#orElse<VisibilityChanges>(change, "unknown", evaluate)),
    );
    return results.flatMap((result, i) => {
      const { audience, sessions } = queries[i]!;
      const { codec, subscription } = audience;
      const events = result === "unknown" ? [resyncEvent("visibility", cursor, change.time)] : result;
      return events.map((event) => ({
        sessions,
        codec,
        label: subscription.label,
        frames: new FrameSet(event, cursor),
      }));
    });
  }

  eventFor(
    change: Change,
    { subscription, principal }: Audience<Principal>,
    mode: "live" | "replayed",
  ): Promise<OutgoingEvent | "unknown" | undefined> {
    return this.#orElse(change, undefined, () => this.#visibility.eventFor(change, subscription, principal, mode));
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

  /** An error in one audience must cost the others nothing. */
  async #orElse<Result>(change: Change, fallback: Result, evaluate: () => Promise<Result>): Promise<Result> {
    try {
      return await evaluate();
    } catch (error) {
      this.#onError(error, change);
      return fallback;
    }
  }
}
