import { cursorScope } from "@headwater/protocol";
import { seqOfCursor } from "@headwater/testing/servers/cursors.ts";
import type { LogEntry } from "@headwater/testing/servers/read-database.ts";
import type { ReceivedEvent } from "@headwater/testing/clients/event-splitter.ts";
import type { Expected, Received } from "./checker.ts";
import type { History, Identity } from "./history.ts";
import type { ListenerSession } from "./listener.ts";
import type { Values } from "./rules.ts";
import type { Topic } from "./topics.ts";

/** The changes a session must deliver: after `from`, up to and including `to`. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The events a session should have received. The server evaluates a change at some seq between its commit (or the last
 * change it delivered before the session, if that is later) and its arrival, with the rules, principals and records as
 * of that seq. If the client may see the change at all of these seqs, it must arrive; if at none, it must not.
 *
 * Of a record that has been deleted since, a replay contains only the delete, and that only for a client that could have it.
 */
export function expectedOf(history: History, session: ListenerSession): Expected[] {
  const spansByTopic = new Map(session.topics.map(({ name }) => [name, spansOf(session, name)]));
  const spans = [...spansByTopic.values()].flat();
  const first = Math.min(...spans.map(({ from }) => from));
  const last = Math.max(...spans.map(({ to }) => to));
  const arrivals = arrivalsOf(session);
  const { refused } = session.connection;
  const had = recordsIn(session);
  let next = 0;
  return history.entries
    .filter(({ seq }) => seq > first && seq <= last)
    .flatMap((entry) => {
      while (next < arrivals.length && arrivals[next]!.seq < entry.seq) next += 1;
      const topics = session.topics.filter((topic) => !refused.has(topic.name) && appearsOn(topic, entry));
      if (topics.length === 0) return [];
      const until = history.headAt(arrivals[next]?.time ?? Date.now());
      const evaluationSeqs = history.evaluationPoints(Math.max(entry.seq, session.deliveredTo), until);
      return topics.flatMap((topic) => {
        const outcomes = new Set(
          evaluationSeqs.map((atSeq) => isVisible(history, session.identity, topic, entry, atSeq)),
        );
        if (!outcomes.has(true)) return [];
        const hidden = hidingOf(history, session, topic, entry, { until, evaluationSeqs });
        if (hidden === "since before") return [];
        const isOwed = (): boolean => {
          const { collection, record, action } = entry;
          if (action !== "delete") return history.lastChange(collection, record, until)?.action !== "delete";
          const before = history.lastChange(collection, record, first);
          const sees = (atSeq: number): boolean => isVisible(history, session.identity, topic, before!, atSeq);
          return (
            had.has(`${topic.name} ${record}`) ||
            (before?.action !== "delete" && before !== undefined && evaluationSeqs.every(sees))
          );
        };
        const isCovered = spansByTopic.get(topic.name)!.some(({ from, to }) => entry.seq > from && entry.seq <= to);
        const duty = isCovered && !outcomes.has(false) && hidden === "never" && isOwed() ? "must" : "may";
        return [{ seq: entry.seq, topic: topic.name, action: entry.action, values: valuesOf(entry), duty } as const];
      });
    });
}

/** When the server may have evaluated a change for a session. */
interface Evaluations {
  readonly until: number;
  readonly evaluationSeqs: readonly number[];
}

/**
 * Did later changes of the same record hide it from the session's client? A replay then says nothing of it.
 *
 * @returns `since before` if that was so when the session began, and still is
 */
function hidingOf(
  history: History,
  { identity, deliveredTo }: ListenerSession,
  topic: Topic,
  entry: LogEntry,
  { until, evaluationSeqs }: Evaluations,
): "never" | "meanwhile" | "since before" {
  if (entry.action === "delete") return "never";
  // The stored record may be newer than the rule that the server applies.
  const outcomesOf = (later: LogEntry): boolean[] =>
    evaluationSeqs.map((at) => isAllowed(history, identity, topic, later, at));
  const later = history.laterChanges(entry, until).filter(({ action }) => action !== "delete");
  if (!later.some((change) => outcomesOf(change).includes(false))) return "never";
  const last = history.lastChange(entry.collection, entry.record, until)!;
  const isHidden = last.action !== "delete" && last.seq <= deliveredTo && !outcomesOf(last).includes(true);
  return isHidden ? "since before" : "meanwhile";
}

/** The events received up to the last cursor: a client disconnected within a change receives the whole change again. */
export function receivedIn({ connection }: ListenerSession): Received[] {
  const events = connection.inbox.items.filter(({ event }) => event !== RESYNC);
  const complete = events.findLastIndex(({ id }) => id !== undefined) + 1;
  let seq = 0;
  return events
    .slice(0, complete)
    .toReversed()
    .map((event) => {
      // The last event of a change carries the cursor for those before it.
      if (event.id !== undefined) seq = seqOf(event.id);
      const { action, record } = JSON.parse(event.data) as { action: string; record: Values };
      return { seq, topic: event.event, action, values: record };
    })
    .toReversed();
}

/** The records that a session got events of, besides their deletes, each with its topic. */
const recordsIn = ({ connection }: ListenerSession): ReadonlySet<string> =>
  new Set(
    connection.inbox.items.flatMap(({ event, data }) => {
      if (event === RESYNC) return [];
      const { action, record } = JSON.parse(data) as { action: string; record: Values };
      return action === "delete" ? [] : [`${event} ${String(record["id"])}`];
    }),
  );

const RESYNC = "resync";
export const isResync = ({ event }: ReceivedEvent): boolean => event === RESYNC;

const seqOf = (cursor: string): number => seqOfCursor(cursor) ?? 0;
const valuesOf = ({ before, after }: LogEntry): Values => after ?? before ?? {};

/**
 * What a session must deliver on a topic: from its cursor to the newest one. A resync skips the changes between the previous
 * cursor and its own.
 */
function spansOf({ since, connection }: ListenerSession, topic: string): Span[] {
  const spans: Span[] = [];
  // With a part of a change, its other events are still to come.
  let from = seqOf(since) - (cursorScope(since) === "part" ? 1 : 0);
  let to = from;
  for (const event of connection.inbox.items) {
    if (isResync(event)) {
      const { cursor, subscriptions } = JSON.parse(event.data) as Resync;
      if (subscriptions && !subscriptions.includes(topic)) continue;
      spans.push({ from, to });
      from = to = seqOf(cursor);
    } else if (cursorScope(event.id) === "all" || (cursorScope(event.id) === "named" && event.event === topic)) {
      to = seqOf(event.id!);
    }
  }
  // Heartbeats are not events, but their cursors count.
  const last = connection.lastEventId ?? since;
  return [...spans, { from, to: cursorScope(last) === "all" ? Math.max(to, seqOf(last)) : to }];
}

/** `subscriptions` is missing if it is about all of them. */
interface Resync {
  readonly cursor: string;
  readonly subscriptions?: readonly string[];
}

const arrivalsOf = ({ connection }: ListenerSession): { readonly seq: number; readonly time: number }[] =>
  // A resync is ahead of what follows for the other topics.
  connection.inbox.items.flatMap((event, i) =>
    event.id === undefined || isResync(event) ? [] : [{ seq: seqOf(event.id), time: connection.arrivals[i]! }],
  );

const appearsOn = ({ collection, record }: Topic, entry: LogEntry): boolean =>
  collection === entry.collection && (record === undefined || record === entry.record);

function isVisible(history: History, identity: Identity, topic: Topic, entry: LogEntry, atSeq: number): boolean {
  if (!isAllowed(history, identity, topic, entry, atSeq)) return false;
  const viewer = history.viewerAt(identity, atSeq);
  return topic.filter === undefined || topic.filter.allows(valuesOf(entry), viewer, history.storedAt(atSeq));
}

/** By the rule alone. */
function isAllowed(history: History, identity: Identity, topic: Topic, entry: LogEntry, atSeq: number): boolean {
  const viewer = history.viewerAt(identity, atSeq);
  const rule = history.ruleAt(topic.collection, atSeq);
  return viewer.kind === "superuser" || rule.allows(valuesOf(entry), viewer, history.storedAt(atSeq));
}
