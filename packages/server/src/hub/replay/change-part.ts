import type { ChangePart } from "../../log/cursors.ts";

/** One event of a change, named after its subscription. Without a name it is about another record than the change. */
export interface ChangeEvent {
  readonly name: string | undefined;
}

/** Above this, a connection that is cut off within a change gets all of its events again: they are not worth the cursors. */
const MAX_MESSAGES = 16;

/** The order of one change's events on a connection: the same after a reconnect, whatever other subscriptions there are. */
export function inOrder<Event extends ChangeEvent>(events: readonly Event[]): readonly Event[] {
  if (events.length < 2 || events.length > MAX_MESSAGES) return events;
  return events.toSorted((one, other) => placeOf(one) - placeOf(other));
}

/**
 * For each message of a change but the last, what the client has of the change after it; `undefined` if that can't be said.
 *
 * @param messages the events of each
 * @param before the events that the client has from an earlier connection
 */
export function partsOf(
  messages: readonly (readonly ChangeEvent[])[],
  before: readonly ChangeEvent[] = [],
): readonly (ChangePart | undefined)[] {
  const isNamed = messages.every((events) => events.every(({ name }) => name !== undefined));
  if (!isNamed || messages.length > MAX_MESSAGES) return [];
  const places = messages.map((events) => events.map(placeOf));
  return messages.slice(0, -1).map((_, i) => {
    const upTo = Math.max(...places.slice(0, i + 1).flat());
    const isApart = places.slice(i + 1).every((later) => later.every((place) => place > upTo));
    return isApart ? { upTo, sum: sumOf([...before, ...messages.slice(0, i + 1).flat()]) } : undefined;
  });
}

/**
 * Separates the events that were sent before the connection was cut from the rest. If they are not the same events now, because
 * subscriptions or rules have changed, all are sent again: one too many is better than one too few.
 */
export function splitAt<Event extends ChangeEvent>(
  events: readonly Event[],
  part: ChangePart | undefined,
): { readonly sent: readonly Event[]; readonly rest: readonly Event[] } {
  if (!part) return { sent: [], rest: events };
  const { sent = [], rest = [] } = Object.groupBy(events, (event) => (placeOf(event) <= part.upTo ? "sent" : "rest"));
  return sumOf(sent) === part.sum ? { sent, rest } : { sent: [], rest: events };
}

const placeOf = ({ name }: ChangeEvent): number => (name === undefined ? -1 : Bun.hash.murmur32v3(name, 0) >>> 8);

const sumOf = (events: readonly ChangeEvent[]): number =>
  events.reduce((sum, { name = "" }) => (sum + Bun.hash.murmur32v3(name, 1)) & 0xff_ff, 0);
