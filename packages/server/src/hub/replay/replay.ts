import { GLOBAL_SUBSCRIPTION, type ResyncReason } from "@headwater/protocol";
import type { Cursor, Position } from "../../log/cursors.ts";

/** What a client has seen of the subscriptions that are new: the same of all of them, or of some by name. */
export type Since = Cursor | ReadonlyMap<string, Cursor>;

/** One cursor if all have the same. */
export function oneOrByName(cursors: ReadonlyMap<string, Cursor>): Since {
  const [first, ...others] = new Set(cursors.values());
  return first && others.length === 0 ? first : cursors;
}

/** How far a session that catches up has come. */
export interface Replay {
  /** The seq up to which each subscription, by name, already has everything. */
  readonly startOf: Map<string, number>;
  /** Those of `startOf` that are a client's word, not ours. */
  readonly sinceOf: ReadonlyMap<string, number>;
  /** The change of which the client has a part. */
  readonly part: Position | undefined;
  /** The seq up to which the log has been read and sent. */
  position: number;
  /** Records that appeared and are gone again, by subscription: their disappearance is not told either. */
  untold?: Set<string>;
  /** Up to where it is known that the session's audiences could have seen all this time what they may see now. */
  checked: { readonly audiences: unknown; readonly upTo: number };
}

/** The replay of a session that is sent nothing for now. */
export const pausedReplay = (position: number): Replay => ({
  startOf: new Map(),
  sinceOf: new Map(),
  part: undefined,
  position,
  checked: { audiences: undefined, upTo: 0 },
});

/** Why subscriptions, by name, can't be sent what they missed. */
export type Problems = ReadonlyMap<string, ResyncReason>;

/** What the replay needs to know of a session. */
export interface ReplayedSession {
  readonly replay: Replay | undefined;
  readonly subscriptions: readonly { readonly name: string }[];
}

/**
 * @param known names of subscriptions that the session had before: they go on from where they are
 * @param live the seq up to which live sessions have everything
 */
export function createReplay(
  { replay: before, subscriptions }: ReplayedSession,
  since: Since,
  known: ReadonlySet<string>,
  live: number,
): { readonly replay: Replay; readonly problems: Problems } {
  const startOf = new Map<string, number>();
  const sinceOf = new Map<string, number>();
  const problems = new Map<string, ResyncReason>();
  for (const { name } of [GLOBAL_SUBSCRIPTION, ...subscriptions]) {
    const cursor = known.has(name) ? undefined : cursorOf(since, name);
    if (known.has(name)) startOf.set(name, before ? Math.max(before.position, before.startOf.get(name) ?? 0) : live);
    else if (!cursor) startOf.set(name, live);
    else if ("lost" in cursor) problems.set(name, cursor.lost);
    else sinceOf.set(name, startAt(cursor));
  }
  for (const name of problems.keys()) startOf.set(name, live);
  for (const [name, seq] of sinceOf) startOf.set(name, seq);
  const part = since instanceof Map || "lost" in since ? undefined : (since as Position);
  const replay: Replay = {
    startOf,
    sinceOf,
    part: part?.part && part,
    position: Math.min(...startOf.values()),
    checked: { audiences: undefined, upTo: 0 },
  };
  return { replay, problems };
}

/** Of a change that was sent in part, the rest is still missing. */
const startAt = ({ seq, part }: Position): number => (part ? seq - 1 : seq);

/** Broadcasts to everyone have no name on the wire: they follow the oldest cursor. */
function cursorOf(since: Since, name: string): Cursor | undefined {
  if (!isByName(since)) return since;
  if (name !== GLOBAL_SUBSCRIPTION.name) return since.get(name);
  const positions = [...since.values()].filter((cursor): cursor is Position => !("lost" in cursor));
  return positions.reduce<Position | undefined>((low, each) => (low && low.seq <= each.seq ? low : each), undefined);
}

const isByName = (since: Since): since is ReadonlyMap<string, Cursor> => since instanceof Map;

/** The lowest seq that the cursors name; `undefined` if they name none. */
export function lowestSeq(since: Since | undefined): number | undefined {
  const cursors = since === undefined ? [] : isByName(since) ? [...since.values()] : [since];
  const seqs = cursors.flatMap((cursor) => ("lost" in cursor ? [] : [cursor.seq]));
  return seqs.length > 0 ? Math.min(...seqs) : undefined;
}

/** The subscription has everything up to here. */
export const hasUpTo = ({ startOf, position }: Replay, name: string): number =>
  Math.max(startOf.get(name) ?? 0, position);

/** Whether some subscriptions have more than this already: then the place doesn't count for them. */
export const isBehind = ({ startOf }: Replay, seq: number): boolean =>
  // Broadcasts to everyone have no name on the wire, and a WebSocket gets them from its first moment.
  [...startOf].some(([name, start]) => start > seq && name !== GLOBAL_SUBSCRIPTION.name);

/** Lets subscriptions go on from `seq`. */
export function skipTo(replay: Replay, seq: number, names: Iterable<string>): void {
  for (const name of names) replay.startOf.set(name, seq);
  const position = Math.min(replay.position, seq);
  replay.position = Math.min(...[...replay.startOf.values()].map((start) => Math.max(start, position)));
}
