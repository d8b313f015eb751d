/** Who receives an event: subscriber `s` receives event `e` if both are in the same group, `s % count === e % count`. */
export interface Groups {
  readonly subscribers: number;
  readonly count: number;
}

/** The number of deliveries of the first `events` events. */
export function deliveriesOf({ subscribers, count }: Groups, events: number): number {
  const round = subscribers * Math.floor(events / count);
  const rest = events % count;
  const members = Math.floor(subscribers / count);
  return round + rest * members + Math.min(rest, subscribers % count);
}

/** How many of the first `events` events the subscriber receives, and the sum of their indexes. */
export function expectedOf(groups: Groups, subscriber: number, events: number): { count: number; sum: number } {
  const first = subscriber % groups.count;
  const count = Math.max(0, Math.ceil((events - first) / groups.count));
  return { count, sum: count * first + (groups.count * count * (count - 1)) / 2 };
}
