import { parseCursor } from "@headwater/protocol";
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
  const spans = spansOf(session);
  const first = Math.min(...spans.map(({ from }) => from));
  const last = spans.at(-1)!.to;
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
      const isCovered = spans.some(({ from, to }) => entry.seq > from && entry.seq <= to);
      const until = history.headAt(arrivals[next]?.time ?? Date.now());
      const evaluationSeqs = history.evaluationPoints(Math.max(entry.seq, session.deliveredTo), until);
      return topics.flatMap((topic) => {
        const outcomes = new Set(
          evaluationSeqs.map((atSeq) => isVisible(history, session.identity, topic, entry, atSeq)),
        );
        if (!outcomes.has(true)) return [];
        const isOwed = (): boolean => {
          const { collection, record, action } = entry;
          if (action !== "delete") return history.lastChange(collection, record, until)?.action !== "delete";
          const before = history.lastChange(collection, record, first);
          const sees = (atSeq: number): boolean => isVisible(history, session.identity, topic, before!, atSeq);
          return had.has(record) || (before?.action !== "delete" && before !== undefined && evaluationSeqs.every(sees));
        };
        const duty = isCovered && !outcomes.has(false) && isOwed() ? "must" : "may";
        return [{ seq: entry.seq, topic: topic.name, action: entry.action, values: valuesOf(entry), duty } as const];
      });
    });
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

/** The records that a session got events of, besides their deletes. */
const recordsIn = ({ connection }: ListenerSession): ReadonlySet<string> =>
  new Set(
    connection.inbox.items.flatMap(({ event, data }) => {
      if (event === RESYNC) return [];
      const { action, record } = JSON.parse(data) as { action: string; record: Values };
      return action === "delete" ? [] : [String(record["id"])];
    }),
  );

const RESYNC = "resync";
export const isResync = ({ event }: ReceivedEvent): boolean => event === RESYNC;

const seqOf = (cursor: string): number => parseCursor(cursor)?.seq ?? 0;
const valuesOf = ({ before, after }: LogEntry): Values => after ?? before ?? {};

/** From the session's cursor to the newest one. A resync skips the changes between the previous cursor and its own. */
function spansOf({ since, connection }: ListenerSession): Span[] {
  const spans: Span[] = [];
  let from = seqOf(since);
  let to = from;
  for (const event of connection.inbox.items) {
    if (event.id === undefined) continue;
    if (isResync(event)) {
      spans.push({ from, to });
      from = seqOf(event.id);
    }
    to = seqOf(event.id);
  }
  // Heartbeats are not events, but their cursors count.
  return [...spans, { from, to: Math.max(to, seqOf(connection.lastEventId ?? since)) }];
}

const arrivalsOf = ({ connection }: ListenerSession): { readonly seq: number; readonly time: number }[] =>
  connection.inbox.items.flatMap(({ id }, i) =>
    id === undefined ? [] : [{ seq: seqOf(id), time: connection.arrivals[i]! }],
  );

const appearsOn = ({ collection, record }: Topic, entry: LogEntry): boolean =>
  collection === entry.collection && (record === undefined || record === entry.record);

function isVisible(history: History, identity: Identity, topic: Topic, entry: LogEntry, atSeq: number): boolean {
  const viewer = history.viewerAt(identity, atSeq);
  const values = valuesOf(entry);
  const stored = history.storedAt(atSeq);
  const rule = history.ruleAt(topic.collection, atSeq);
  if (viewer.kind !== "superuser" && !rule.allows(values, viewer, stored)) return false;
  return topic.filter === undefined || topic.filter.allows(values, viewer, stored);
}
