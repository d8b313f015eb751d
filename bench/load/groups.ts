/** Whom an event is for: subscriber `s` gets event `e` where both are of one group, which is `s % count` and `e % count`. */
export interface Groups {
  readonly subscribers: number;
  readonly count: number;
}

/** Deliveries that the first so many events make. */
export function deliveriesOf({ subscribers, count }: Groups, events: number): number {
  const round = subscribers * Math.floor(events / count);
  const rest = events % count;
  const members = Math.floor(subscribers / count);
  return round + rest * members + Math.min(rest, subscribers % count);
}

/** How many of the first so many events are for the subscriber, and the sum of their indexes. */
export function expectedOf(groups: Groups, subscriber: number, events: number): { count: number; sum: number } {
  const first = subscriber % groups.count;
  const count = Math.max(0, Math.ceil((events - first) / groups.count));
  return { count, sum: count * first + (groups.count * count * (count - 1)) / 2 };
}
