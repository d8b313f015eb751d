import { clientId, collectionId, type Cursor, epoch, parseSubscription, recordId } from "@headwater/protocol";
import type { FrameBatch } from "../hub/frame-batch.ts";
import type { History } from "../hub/catch-up.ts";
import { Hub } from "../hub/hub.ts";
import type { Session } from "../hub/session.ts";
import type { Visibility } from "../hub/visibility.ts";
import type { Wire } from "../hub/wire.ts";
import type { Change } from "../log/change.ts";
import { SSE_CODEC } from "../transports/sse-codec.ts";

/** A wire whose socket can be full. What it was given stands in `text`. */
export class TestWire implements Wire {
  text = "";
  writes = 0;
  full = false;
  closed: string | undefined;

  get gone(): boolean {
    return this.closed !== undefined;
  }
  send({ bytes }: FrameBatch): "sent" | "blocked" | "closed" {
    if (this.closed) return "closed";
    this.writes += 1;
    this.text += new TextDecoder().decode(bytes);
    return this.full ? "blocked" : "sent";
  }
  close(reason: string): void {
    this.closed = reason;
  }
  get events(): readonly { id: string | undefined; event: string; data: string }[] {
    return [...this.text.matchAll(/(?:id:(.*)\n)?event:(.*)\ndata:(.*)\n\n/g)].map(([, id, event, data]) => ({
      id,
      event: event!,
      data: data!,
    }));
  }
}

/** Principals are names; a record named `secret-X` is for X alone, and who is named `only-X` hears of record X alone. */
interface Asked extends Visibility<string> {
  readonly presented: string[];
}
const visibility = (): Asked => {
  const presented: string[] = [];
  return {
    presented,
    topicsOf: ({ record }) => ["posts/*", `posts/${record}`],
    audiencesOf: ({ topic }, principal) => [
      {
        topic,
        key: principal,
        requires: principal.startsWith("only-") ? { field: "id", value: principal.slice("only-".length) } : undefined,
        follows: undefined,
        steady: true,
      },
    ],
    principalKey: (principal) => principal,
    held: async ({ before, after }) => [before?.id, after?.id],
    moves: async () => [],
    remember: () => async () => [],
    mayMove: () => false,
    present: async ({ record, time }, subscription, principal) => {
      presented.push(`${subscription.topic} ${principal}`);
      if (record === "poison") throw new Error("can't be shown");
      const isSeen = !record.startsWith("secret-") || record === `secret-${principal}`;
      return isSeen ? { kind: "record", source: "posts", time, data: `{"record":"${record}"}` } : undefined;
    },
  };
};

/** The creation of a record of `posts`. */
export const change = (seq: number, record = "r1"): Change => ({
  seq,
  time: 0,
  collection: collectionId("posts"),
  record: recordId(record),
  action: "create",
  before: null,
  after: { id: recordId(record) },
});

export interface Joined {
  readonly session: Session<string>;
  readonly wire: TestWire;
}

/** A hub over a log in memory. `tell` commits a change and tells it. */
export function openHub(maxQueueBytes = 1_000_000) {
  const asked = visibility();
  const errors: unknown[] = [];
  /** The log: what is committed, told or not. */
  const log: Change[] = [];
  const trimmed = { to: 0 };
  const history: History = {
    head: async () => log.at(-1)?.seq ?? 0,
    floor: async () => trimmed.to,
    span: async (after, upTo, limit) =>
      log.filter(({ seq }) => seq > Math.max(after, trimmed.to) && seq <= upTo).slice(0, limit),
  };
  const hub = new Hub<string>({
    epoch: epoch("e"),
    head: 0,
    history,
    visibility: asked,
    maxQueueBytes,
    onError: (error) => errors.push(error),
  });
  let opened = 0;
  const open = (since?: Cursor): Joined => {
    const wire = new TestWire();
    return {
      session: hub.open({
        id: clientId(`c${(opened += 1)}`),
        address: "::1",
        principal: "",
        wire,
        codec: SSE_CODEC,
        since,
        openedAt: 0,
      }),
      wire,
    };
  };
  const join = (principal: string, ...names: string[]): Joined => {
    const joined = open();
    hub.subscribe(joined.session, principal, names.map(parseSubscription));
    return joined;
  };
  const tell = async (told: Change): Promise<void> => {
    log.push(told);
    await hub.fanOut(told);
  };
  return { hub, open, join, asked, errors, log, trimmed, tell };
}

/** Frames leave from `setImmediate`, some hundred connections at a time: two turns are enough for every test here. */
export const flushed = async (): Promise<void> => {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
};
