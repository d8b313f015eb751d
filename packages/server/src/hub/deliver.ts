import { isSameEvent } from "@headwater/protocol";
import type { Codec, Frame, FrameSet } from "./frame.ts";
import type { Session } from "./session.ts";

/** One event by one subscription. */
export interface Delivery {
  /** The subscription's label: what its client calls it. */
  readonly label: string;
  readonly frames: FrameSet;
}

/** One event for the sessions of an audience; all of them have the same codec. */
export interface AudienceDelivery<Principal> extends Delivery {
  readonly codec: Codec;
  readonly sessions: ReadonlySet<Session<Principal>>;
}

/** The frames of one change for a session that gets it by several subscriptions; the last one has the cursor. */
export function framesOf(codec: Codec, deliveries: readonly Delivery[]): readonly Frame[] {
  const messages = codec.merges
    ? mergeEqual(deliveries)
    : deliveries.map(({ label, frames }) => ({ labels: [label], frames }));
  return messages.map(({ labels, frames }, i) => frames.frame(codec, labels, i === messages.length - 1));
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
    const single = [frames.frame(codec, [label], true)];
    for (const session of sessions) {
      if (several.has(session)) continue;
      session.deliver(single, seq);
      count += 1;
    }
  }
  for (const [session, own] of several) {
    const frames = framesOf(session.codec, own);
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
function mergeEqual(
  deliveries: readonly Delivery[],
): readonly { readonly labels: readonly string[]; readonly frames: FrameSet }[] {
  const messages: { readonly labels: string[]; readonly frames: FrameSet }[] = [];
  for (const { label, frames } of deliveries) {
    const same = messages.find((message) => isSameEvent(message.frames.event, frames.event));
    if (same) same.labels.push(label);
    else messages.push({ labels: [label], frames });
  }
  return messages;
}
