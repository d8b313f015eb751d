import { parseCursor } from "@headwater/protocol";
import type { LogEntry } from "@headwater/testing/servers/read-database.ts";
import type { ReceivedEvent } from "@headwater/testing/clients/event-splitter.ts";
import type { Expected, Received } from "./checker.ts";
import type { History, Identity } from "./history.ts";
import type { ListenerSession } from "./listener.ts";
import type { Values } from "./rules.ts";
import type { Topic } from "./topics.ts";

/** What a session accounts for: changes above `from`, up to and with `to`. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * What should have come in a session. A change is judged at some moment between its commit (or what the server had
 * told before the session, if that is later) and its arrival, by the rules, principals and stored records of that moment: if the client may see it at each of these, it must come; if at
 * none, it must not.
 */
export function expectedOf(history: History, session: ListenerSession): Expected[] {
  const spans = spansOf(session);
  const first = Math.min(...spans.map(({ from }) => from));
  const last = spans.at(-1)!.to;
  const arrivals = arrivalsOf(session);
  const { refused } = session.connection;
  let next = 0;
  return history.entries
    .filter(({ seq }) => seq > first && seq <= last)
    .flatMap((entry) => {
      while (next < arrivals.length && arrivals[next]!.seq < entry.seq) next += 1;
      const topics = session.topics.filter((topic) => !refused.has(topic.name) && appearsOn(topic, entry));
      if (topics.length === 0) return [];
      const isCovered = spans.some(({ from, to }) => entry.seq > from && entry.seq <= to);
      const until = history.headAt(arrivals[next]?.time ?? Date.now());
      const moments = history.evaluationPoints(Math.max(entry.seq, session.deliveredTo), until);
      return topics.flatMap((topic) => {
        const answers = new Set(moments.map((moment) => isVisible(history, session.identity, topic, entry, moment)));
        if (!answers.has(true)) return [];
        const duty = isCovered && !answers.has(false) ? "must" : "may";
        return [{ seq: entry.seq, topic: topic.name, action: entry.action, values: valuesOf(entry), duty } as const];
      });
    });
}

/** What came, as far as its cursors came too: a client that is cut within a change gets all of it again. */
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

const RESYNC = "resync";
export const isResync = ({ event }: ReceivedEvent): boolean => event === RESYNC;

const seqOf = (cursor: string): number => parseCursor(cursor)?.seq ?? 0;
const valuesOf = ({ before, after }: LogEntry): Values => after ?? before ?? {};

/** From the cursor to the newest one; a resync leaves out what came between the last cursor before it and its own. */
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
  // Heartbeats are no events, but their cursors count.
  return [...spans, { from, to: Math.max(to, seqOf(connection.lastEventId ?? since)) }];
}

const arrivalsOf = ({ connection }: ListenerSession): { readonly seq: number; readonly time: number }[] =>
  connection.inbox.items.flatMap(({ id }, i) =>
    id === undefined ? [] : [{ seq: seqOf(id), time: connection.arrivals[i]! }],
  );

const appearsOn = ({ collection, record }: Topic, entry: LogEntry): boolean =>
  collection === entry.collection && (record === undefined || record === entry.record);

function isVisible(history: History, identity: Identity, topic: Topic, entry: LogEntry, moment: number): boolean {
  const viewer = history.viewerAt(identity, moment);
  const image = valuesOf(entry);
  const stored = history.storedAt(moment);
  const rule = history.ruleAt(topic.collection, moment);
  if (viewer.kind !== "superuser" && !rule.allows(image, viewer, stored)) return false;
  return topic.filter === undefined || topic.filter.allows(image, viewer, stored);
}
