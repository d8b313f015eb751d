import type { Case } from "../../core/case.ts";
import { notOffered, show } from "../../core/checks.ts";
import { canonical, meaningOf } from "../../model/canonical.ts";
import { judge } from "../../model/judge.ts";
import type { RecordedEvent, Recording } from "../../stream/recording.ts";
import { timeoutMs } from "./every-connection.ts";
import { connectionsOf, idsOf, type Play, reconnectionsOf } from "./play.ts";
import { STANDARD } from "./standards.ts";
import type { SseContext } from "./target.ts";

const group = "Reconnect";

/** What must hold for a client that reconnects. */
export const reconnectCases: readonly Case<SseContext>[] = [
  {
    group,
    name: "a disconnected client can reconnect",
    standard: STANDARD.reconnect,
    timeoutMs,
    async run({ play }, scope) {
      const again = reconnectionsOf(await play());
      // 204 means "do not reconnect", which is right for a stream that has ended.
      judge(again, scope, ({ stream: { status } }) =>
        status === 200 || status === 204
          ? undefined
          : `the second connection gets ${status}: clients would give up when they reconnect`,
      );
      scope.measure("connectMs", again[0]!.stream.headMs);
    },
  },
  {
    group,
    name: "Last-Event-ID replays what came after it, once and in order",
    standard: STANDARD.resume,
    timeoutMs,
    async run({ play }, scope) {
      const recordings = await play();
      const known = knownIds(recordings);
      const { replayed } = recordings;
      judge([replayed!], scope, ({ events, lastEventId }) => {
        const missed = known.slice(known.indexOf(lastEventId!) + 1);
        return replayFault(events, missed, lastEventId!, known);
      });
      scope.measure("replayed", known.length);
    },
  },
  {
    group,
    name: "what happens during a replay and after it comes once",
    standard: STANDARD.during,
    timeoutMs,
    async run({ play }, scope) {
      const recordings = await play();
      const { resumed, resumedAgain, first } = recordings;
      if (!resumed || !resumedAgain) notOffered("there is no trigger (--trigger)");
      const known = knownIds(recordings);
      judge([resumed, resumedAgain], scope, ({ events, lastEventId }) => {
        const from = known.indexOf(lastEventId!) + 1;
        // The first of the two connections was closed before the last event.
        const until = events === resumed.events ? known.indexOf(resumedAgain.lastEventId!) + 1 : known.length;
        return (
          replayFault(events, known.slice(from, until), lastEventId!, known) ?? strangerFault(events, first, known)
        );
      });
    },
  },
  {
    group,
    name: "an id names the same event on every connection",
    standard: STANDARD.sameId,
    timeoutMs,
    async run({ play }, scope) {
      const recordings = await play();
      const { first } = recordings;
      knownIds(recordings);
      judge(connectionsOf(recordings), scope, ({ events }) => sameIdFault(events, first.events));
    },
  },
];

/** The ids of what happened, in order. */
function knownIds({ first, leaver, before }: Play): string[] {
  const known = idsOf(first.events.slice(before));
  if (known.length < 2) notOffered(`only ${known.length} events had ids, too few to resume from`);
  if (leaver && !idsOf(leaver.events).some((id) => known.includes(id)))
    notOffered("each connection has ids of its own, so there is nothing to compare");
  return known;
}

/** @returns what is lost, repeated or out of order after a reconnect */
function replayFault(
  events: readonly RecordedEvent[],
  missed: readonly string[],
  from: string,
  known: readonly string[],
): string | undefined {
  const ids = idsOf(events);
  if (ids.includes(from)) return `${show(from)} was sent as Last-Event-ID, but came again`;
  const lost = missed.find((id) => !ids.includes(id));
  if (lost !== undefined) return `after Last-Event-ID ${show(from)}, ${show(lost)} is missing without notice`;
  const came = ids.filter((id) => known.includes(id));
  const at = came.findIndex((id, index) => id !== missed[index]);
  return at < 0
    ? undefined
    : `after Last-Event-ID ${show(from)} event ${at + 1} is ${show(came[at])}, expected ${show(missed[at] ?? "none")}`;
}

/** @returns an event that was another one on the first connection */
function sameIdFault(events: readonly RecordedEvent[], first: readonly RecordedEvent[]): string | undefined {
  const byId = new Map(first.map((event) => [event.id, event]));
  // What is the same in all events of each connection is about the connection: a correlation id, for example.
  const constants = constantsOf(first);
  const ownConstants = constantsOf(events);
  const isOfConnection = (name: string): boolean => constants.has(name) && ownConstants.has(name);
  const meaning = ({ fields, data }: RecordedEvent): string =>
    fields
      ? canonical(Object.fromEntries(Object.entries(fields).filter(([name]) => !isOfConnection(name))))
      : meaningOf(data);
  for (const event of events) {
    const { id } = event;
    const other = id === undefined || id === "" ? undefined : byId.get(id);
    if (other && (other.event !== event.event || meaning(other) !== meaning(event)))
      return `${show(id)} is ${event.event} ${show(event.data)}, and on the first connection it was ${other.event} ${show(other.data)}`;
  }
  return undefined;
}

/** The fields that have one value in all events that have them. */
function constantsOf(events: readonly RecordedEvent[]): ReadonlySet<string> {
  const values = new Map<string, Set<string>>();
  for (const [name, value] of events.flatMap(({ fields }) => Object.entries(fields ?? {})))
    values.set(name, (values.get(name) ?? new Set()).add(canonical(value)));
  return new Set([...values].filter(([, { size }]) => size === 1).map(([name]) => name));
}

/** @returns an event that only this connection knows: its id was issued again, or it never happened */
function strangerFault(
  events: readonly RecordedEvent[],
  first: Recording,
  known: readonly string[],
): string | undefined {
  const names = new Set(
    first.events.filter(({ id }) => id !== undefined && known.includes(id)).map(({ event }) => event),
  );
  const stranger = events.find(({ id, event }) => names.has(event) && id !== undefined && !known.includes(id));
  return stranger && `${stranger.event} ${show(stranger.id)} came on this connection only`;
}
