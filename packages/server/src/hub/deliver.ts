import { isSameTelling } from "@headwater/protocol";
import type { Codec, Frame, FrameSet } from "./frame.ts";
import type { Session } from "./session.ts";

/** What a session is told by one of its subscriptions. */
export interface Delivery {
  /** What the session calls the subscription. */
  readonly name: string;
  readonly frames: FrameSet;
}

/** One event of a change for some sessions, which are of one transport. */
export interface AudienceDelivery<Principal> extends Delivery {
  readonly codec: Codec;
  readonly sessions: ReadonlySet<Session<Principal>>;
}

/** The messages of one change for a session that hears of it by several subscriptions: the last has the cursor. */
export function framesOf(codec: Codec, told: readonly Delivery[]): readonly Frame[] {
  const messages = codec.merges ? merge(told) : told.map(({ name, frames }) => ({ names: [name], frames }));
  return messages.map(({ names, frames }, i) => frames.frame(codec, names, i === messages.length - 1));
}

/** @returns how many frames were queued */
export function deliver<Principal>(heard: readonly AudienceDelivery<Principal>[], seq: number | undefined): number {
  const first = new Map<Session<Principal>, AudienceDelivery<Principal>>();
  const several = new Map<Session<Principal>, AudienceDelivery<Principal>[]>();
  if (heard.length > 1) {
    for (const entry of heard) {
      for (const session of entry.sessions) {
        const before = first.get(session);
        if (before) append(several, session, before, entry);
        else first.set(session, entry);
      }
    }
  }
  let deliveries = 0;
  for (const { codec, name, frames, sessions } of heard) {
    const alone = [frames.frame(codec, [name], true)];
    for (const session of sessions) {
      if (several.has(session)) continue;
      session.deliver(alone, seq);
      deliveries += 1;
    }
  }
  for (const [session, entries] of several) {
    const own = framesOf(session.codec, entries);
    session.deliver(own, seq);
    deliveries += own.length;
  }
  return deliveries;
}

function append<Principal>(
  several: Map<Session<Principal>, AudienceDelivery<Principal>[]>,
  session: Session<Principal>,
  before: AudienceDelivery<Principal>,
  entry: AudienceDelivery<Principal>,
): void {
  const entries = several.get(session);
  if (entries) entries.push(entry);
  else several.set(session, [before, entry]);
}

/** What is told by several subscriptions is told once. */
function merge(told: readonly Delivery[]): readonly { readonly names: readonly string[]; readonly frames: FrameSet }[] {
  const merged: { readonly names: string[]; readonly frames: FrameSet }[] = [];
  for (const { name, frames } of told) {
    const same = merged.find((message) => isSameTelling(message.frames.telling, frames.telling));
    if (same) same.names.push(name);
    else merged.push({ names: [name], frames });
  }
  return merged;
}
