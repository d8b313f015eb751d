import { isSameEvent } from "@headwater/protocol";
import { type ChangeEvent, inOrder, partsOf } from "./replay/change-part.ts";
import type { Codec, Frame, FrameSet } from "./frame.ts";
import type { Session } from "./session.ts";

/** One event by one subscription. */
export interface Delivery extends ChangeEvent {
  /** The subscription's label: what its client calls it. */
  readonly label: string;
  readonly frames: FrameSet;
}

/** One event for the sessions of an audience; all of them have the same codec. */
export interface AudienceDelivery<Principal> extends Delivery {
  readonly codec: Codec;
  readonly sessions: ReadonlySet<Session<Principal>>;
}

/**
 * The frames of one change for a session that gets it by several subscriptions. The last one has the cursor of the change,
 * those before it a cursor that says how much of it they are.
 *
 * @param scope whether the change's cursor counts for all subscriptions of the session
 * @param before the events of the change that the client already has
 */
export function framesOf(
  codec: Codec,
  deliveries: readonly Delivery[],
  scope: "all" | "named",
  before: readonly ChangeEvent[] = [],
): readonly Frame[] {
  if (deliveries.length === 1) return [deliveries[0]!.frames.frame(codec, [deliveries[0]!.label], scope)];
  const ordered = inOrder(deliveries);
  const messages = codec.merges ? mergeEqual(ordered) : ordered.map((delivery) => [delivery]);
  const parts = partsOf(messages, before);
  return messages.map((message, i) => {
    const labels = message.map(({ label }) => label);
    return message[0]!.frames.frame(codec, labels, i === messages.length - 1 ? scope : parts[i]);
  });
}

/** Queues the events of one change. @returns how many frames were queued */
export function deliver<Principal>(
  deliveries: readonly AudienceDelivery<Principal>[],
  seq: number | undefined,
): number {
  const first = new Map<Session<Principal>, AudienceDelivery<Principal>>();
  const several = new Map<Session<Principal>, AudienceDelivery<Principal>[]>();
  if (deliveries.length > 1) {
    for (const delivery of deliveries) {
      for (const session of delivery.sessions) {
        const before = first.get(session);
        if (before) append(several, session, before, delivery);
        else first.set(session, delivery);
      }
    }
  }
  let count = 0;
  for (const { codec, label, frames, sessions } of deliveries) {
    const single = [frames.frame(codec, [label], "all")];
    for (const session of sessions) {
      if (several.has(session)) continue;
      session.deliver(single, seq);
      count += 1;
    }
  }
  for (const [session, own] of several) {
    const frames = framesOf(session.codec, own, "all");
    session.deliver(frames, seq);
    count += frames.length;
  }
  return count;
}

function append<Principal>(
  several: Map<Session<Principal>, AudienceDelivery<Principal>[]>,
  session: Session<Principal>,
  first: AudienceDelivery<Principal>,
  next: AudienceDelivery<Principal>,
): void {
  const deliveries = several.get(session);
  if (deliveries) deliveries.push(next);
  else several.set(session, [first, next]);
}

/** An event by several subscriptions becomes one message that names them all. */
function mergeEqual(deliveries: readonly Delivery[]): readonly (readonly Delivery[])[] {
  const messages: Delivery[][] = [];
  for (const delivery of deliveries) {
    const same = messages.find(([first]) => isSameEvent(first!.frames.event, delivery.frames.event));
    if (same) same.push(delivery);
    else messages.push([delivery]);
  }
  return messages;
}
