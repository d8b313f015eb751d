import type { Clock } from "../../core/clock.ts";
import { pause } from "../../core/deadline.ts";
import type { Recorder, RecordedEvent, Recording } from "../../stream/recording.ts";

/** What one run does with an endpoint, in this order. */
export interface Play {
  /** The first connection. With a trigger it stays open to the end, and so knows everything that happened. */
  readonly first: Recording;
  /** It opened second, received the first events as they happened, and left. */
  readonly leaver?: Recording;
  /** It went on from the leaver's last id after two events; two more happened while those were replayed, and one later. */
  readonly resumed?: Recording;
  /** It went on from the last id of all, and one more event happened. */
  readonly resumedAgain?: Recording;
  /** It went on from the first id. */
  readonly replayed?: Recording;
  /** How many events had come on the first connection before the first trigger. */
  readonly before: number;
  /** The triggers whose event did not come in time on the first connection, counted from 1. */
  readonly late: readonly number[];
  readonly leftOpen: readonly Recorder[];
}

/** How often the trigger is called before the leaver leaves. */
export const TRIGGER_COUNT = 3;

export type Open = (label: string, lastEventId?: string) => Promise<Recorder>;

export async function playWithTrigger(open: Open, trigger: () => Promise<unknown>, clock: Clock): Promise<Play> {
  const first = await open("first");
  const leaver = await open("leaver");
  await first.stream.chunks.until((items) => items.length > 0, clock.settleMs, "a byte").catch(() => undefined);
  const before = first.stream.events.items.length;
  const late: number[] = [];
  let called = 0;
  // A server that sent nothing once is not waited for again and again.
  const patience = (): number => (late.length === 0 ? clock.patienceMs : clock.settleMs);
  const happen = async (times: number, ...listeners: readonly Recorder[]): Promise<void> => {
    for (let at = 0; at < times; at += 1) {
      called += 1;
      const waits = [first, ...listeners].map(({ stream }) => {
        const { length } = stream.events.items;
        return () => stream.until((events) => events.length > length, "an event", patience());
      });
      await trigger();
      const [own] = await Promise.allSettled(waits.map((wait) => wait()));
      if (own!.status === "rejected") late.push(called);
    }
  };

  await happen(TRIGGER_COUNT, leaver);
  const left = leaver.finish();
  await happen(2);
  const resumed = await open("resumed", idsOf(left.events).at(-1));
  // At once, so that the server still replays when these come.
  await happen(2);
  await untilIt(resumed, idsOf(first.recording().events).at(-1), patience());
  await happen(1, resumed);
  await pause(clock.settleMs);
  const second = resumed.finish();
  const again = await open("resumed again", idsOf(first.recording().events).at(-1));
  await happen(1, again);
  const replayed = await open("replayed", idsOf(first.recording().events.slice(before))[0]);
  await untilIt(replayed, idsOf(first.recording().events).at(-1), patience());
  await pause(clock.settleMs);
  return {
    first: first.recording(),
    leaver: left,
    resumed: second,
    resumedAgain: again.finish(),
    replayed: replayed.recording(),
    before,
    late,
    leftOpen: [first, replayed],
  };
}

/** Without a trigger, the endpoint must send something by itself. */
export async function playWithoutTrigger(open: Open, clock: Clock): Promise<Play> {
  const first = await open("first");
  await Promise.race([first.stream.ended, pause(clock.listenMs)]);
  const ids = idsOf(first.recording().events);
  const from = ids.at(-TRIGGER_COUNT) ?? ids[0];
  const replayed = await open("replayed", from);
  await untilIt(replayed, ids.at(-1), clock.patienceMs);
  return { first: first.recording(), replayed: replayed.recording(), before: 0, late: [], leftOpen: [first, replayed] };
}

/** Waits for the event with this id, if it comes at all. */
async function untilIt({ stream }: Recorder, id: string | undefined, patienceMs: number): Promise<void> {
  if (id === undefined) return;
  await stream.until((events) => events.some((event) => event.id === id), id, patienceMs).catch(() => undefined);
}

export const idsOf = (events: readonly Pick<RecordedEvent, "id">[]): string[] =>
  events.flatMap(({ id }) => (id === undefined || id === "" ? [] : [id]));

/** All connections of the play. */
export const connectionsOf = ({ first, leaver, resumed, resumedAgain, replayed }: Play): Recording[] =>
  [first, leaver, resumed, resumedAgain, replayed].filter((recording) => recording !== undefined);

/** The connections that came after others had left. */
export const reconnectionsOf = ({ resumed, resumedAgain, replayed }: Play): Recording[] =>
  [resumed, resumedAgain, replayed].filter((recording) => recording !== undefined);
