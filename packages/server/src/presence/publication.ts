import type { PresenceEvent, PresenceMember } from "@headwater/protocol";
import { FrameSet } from "../hub/frame.ts";
import type { MemberAccount } from "./account-views.ts";

/** Whether viewers with this key may see the account. */
export type Sees = (viewerKey: string, account: MemberAccount) => boolean;

/** Some events of a room, encoded once for all subscribers that see the same accounts. */
export class Publication {
  readonly #room: string;
  readonly #events: readonly PresenceEvent[];
  readonly #sees: Sees;
  /** By event and by which of its members are shown. */
  readonly #frames = new Map<string, FrameSet>();
  readonly #byViewer = new Map<string, readonly FrameSet[]>();

  constructor(room: string, events: readonly PresenceEvent[], sees: Sees) {
    this.#room = room;
    this.#events = events;
    this.#sees = sees;
  }

  framesFor(viewerKey: string): readonly FrameSet[] {
    let frames = this.#byViewer.get(viewerKey);
    if (!frames) {
      frames = this.#events.map((event, i) => this.#frame(event, i, viewerKey));
      this.#byViewer.set(viewerKey, frames);
    }
    return frames;
  }

  #frame(event: PresenceEvent, i: number, viewerKey: string): FrameSet {
    const shown = membersOf(event).map(({ auth }) => auth === null || this.#sees(viewerKey, auth));
    const key = `${i}/${shown.map(Number).join("")}`;
    let frames = this.#frames.get(key);
    if (!frames) this.#frames.set(key, (frames = encode(this.#room, hide(event, shown))));
    return frames;
  }
}

function membersOf(event: PresenceEvent): readonly PresenceMember[] {
  if (event.presence === "count") return [];
  return event.presence === "members" ? event.members : [event.member];
}

/** The event without the accounts that are not shown: they look like guests. */
function hide(event: PresenceEvent, shown: readonly boolean[]): PresenceEvent {
  if (shown.every(Boolean)) return event;
  const hidden = membersOf(event).map((member, i) => (shown[i] ? member : { ...member, auth: null }));
  if (event.presence === "members") return { ...event, members: hidden };
  return event.presence === "count" ? event : { ...event, member: hidden[0]! };
}

function encode(room: string, event: PresenceEvent): FrameSet {
  const source = room.slice(0, room.search(/\/|$/));
  return new FrameSet({ kind: "presence", source, time: Date.now(), data: JSON.stringify(event) }, undefined);
}
