import { clientId, collectionId, cursorScope, parseSubscription, recordId } from "@headwater/protocol";
import type { FrameBatch } from "../hub/frame-batch.ts";
import type { EvaluationLimits } from "../hub/evaluation/evaluation-budget.ts";
import { Hub } from "../hub/hub.ts";
import { cpuMs } from "../lib/scheduling/cpu-time.ts";
import type { LogReader } from "../hub/replay/replay-source.ts";
import type { Session } from "../hub/session.ts";
import type { Visibility } from "../hub/visibility.ts";
import type { Wire } from "../hub/wire.ts";
import type { Change } from "../log/change.ts";
import { type Cursor, Cursors } from "../log/cursors.ts";
import { SSE_CODEC } from "../transports/sse-codec.ts";

export const cursors = new Cursors({ key: new Uint8Array(16), marks: [{ mark: 1, seq: 0 }] });

/** A cursor as a test reads it: `7`, or `7 named` and `7 part` for one that counts for less. */
export function placeOf(cursor: string): string {
  const read = cursors.read(cursor);
  const scope = cursorScope(cursor);
  if (!read || "lost" in read) return "none";
  return scope === "all" ? `${read.seq}` : `${read.seq} ${scope}`;
}

/** A resync's data, with its cursor as a test reads it. */
export function readResync(data: string): unknown {
  const { cursor, ...rest } = JSON.parse(data) as { readonly cursor: string };
  return { ...rest, cursor: placeOf(cursor) };
}

/** A wire whose socket can be full. `text` has everything that was sent. */
export class TestWire implements Wire {
  text = "";
  writes = 0;
  full = false;
  closed: string | undefined;

  get isClosed(): boolean {
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
      id: id && placeOf(id),
      event: event!,
      data: data!,
    }));
  }
}

/**
 * Principals are names. Only X may see a record named `secret-X`, a principal `only-X` receives only record X, and each
 * subscription of a principal `slow…` takes a millisecond.
 */
interface RecordedVisibility extends Visibility<string> {
  readonly presented: string[];
  /** The topics whose audiences were found. */
  readonly asked: string[];
}
const createVisibility = (): RecordedVisibility => {
  const presented: string[] = [];
  const asked: string[] = [];
  return {
    presented,
    topicsOf: ({ record }) => ["posts/*", `posts/${record}`],
    asked,
    audiencesOf: ({ topic }, principal) => {
      asked.push(topic);
      const routeBy = principal.startsWith("only-")
        ? { field: "id", value: principal.slice("only-".length) }
        : undefined;
      return [{ topic, key: principal, routeBy, dependsOn: undefined, decidedBy: [], cacheable: true }];
    },
    principalKey: (principal) => principal,
    routingValues: async ({ before, after }) => [before?.id, after?.id],
    visibilityChanges: async () => [],
    captureListener: () => async () => [],
    accountOf: () => undefined,
    prepareReplay: async () => undefined,
    replayVersion: () => 0,
    changed: () => undefined,
    mayChangeVisibility: () => false,
    eventFor: async ({ record, time }, subscription, principal, _mode, meter) => {
      if (principal.startsWith("later")) {
        await Promise.resolve();
        if (meter?.isExhausted()) throw new Error("the time is used up");
        spend(1);
        meter?.charge(1);
      }
      presented.push(`${subscription.topic} ${principal}`);
      if (principal.startsWith("slow")) spend(1);
      if (record === "poison") throw new Error("can't be shown");
      const isSeen = !record.startsWith("secret-") || record === `secret-${principal}`;
      return isSeen ? { kind: "record", source: "posts", time, data: `{"record":"${record}"}` } : undefined;
    },
  };
};

/** Uses CPU time, which is what the hub charges. */
function spend(milliseconds: number): void {
  const until = cpuMs() + milliseconds;
  while (cpuMs() < until);
}

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

export interface TestClient {
  readonly session: Session<string>;
  readonly wire: TestWire;
}

/** A hub over a log in memory. `commit` appends a change and fans it out. */
export function openHub(maxQueueBytes = 1_000_000, evaluation?: EvaluationLimits<string>) {
  const visibility = createVisibility();
  const errors: unknown[] = [];
  /** The log: all committed changes, fanned out or not. */
  const log: Change[] = [];
  const trimmed = { to: 0 };
  const reader: LogReader = {
    head: async () => log.at(-1)?.seq ?? 0,
    trimmedTo: async () => trimmed.to,
    range: async ({ after, upTo }, limit) =>
      log.filter(({ seq }) => seq > Math.max(after, trimmed.to) && seq <= upTo).slice(0, limit),
    deciding: async () => [],
    ofAccount: async () => ({ isNew: false, changes: [] }),
  };
  const hub = new Hub<string>({
    cursors,
    head: 0,
    log: reader,
    visibility,
    maxQueueBytes,
    ...(evaluation && { evaluation }),
    onError: (error) => errors.push(error),
  });
  let opened = 0;
  const open = (since?: Cursor): TestClient => {
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
  const join = (principal: string, ...names: string[]): TestClient => {
    const joined = open();
    hub.subscribe(joined.session, principal, names.map(parseSubscription));
    return joined;
  };
  const commit = async (committed: Change): Promise<void> => {
    log.push(committed);
    await hub.fanOut(committed);
  };
  return { hub, open, join, visibility, errors, log, trimmed, commit };
}

/** Waits for what comes after a moment, such as a resync. */
export const untilTrue = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

/** Frames are sent from `setImmediate`, a few hundred connections at a time: three turns are enough for these tests. */
export const flushed = async (): Promise<void> => {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
};
