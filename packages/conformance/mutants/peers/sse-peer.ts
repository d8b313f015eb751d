import type { Scope } from "../../src/core/scope.ts";
import type { SseTarget } from "../../src/profiles/sse/target.ts";
import type { Frame } from "../framework/frame.ts";
import { type PeerOptions, startPeer, type Writer } from "../framework/peer.ts";
import type { Connection } from "../framework/tamper.ts";

/** Wrong turns that are not a matter of single frames. */
export interface SseFaults {
  /** The numbers to replay to a client that has everything up to `last`. */
  readonly replay?: (last: number, all: readonly number[], connection: Connection) => readonly number[];
  /** What happens to events that come while a connection replays. */
  readonly duringReplay?: "lost" | "doubled";
  /** Encodes an event that is replayed. */
  readonly replayed?: (frame: Frame) => Frame;
  /** The id of an event on this connection. */
  readonly idOf?: (number: number, connection: Connection, sent: number) => string;
  /** The number of the nth event. */
  readonly numberOf?: (count: number) => number;
  /** The heartbeats that are sent, counted from 1 for the server. */
  readonly beats?: (count: number) => boolean;
  /** Holds everything back until the stream ends, after so long. */
  readonly holdsBackMs?: number;
  /** Ends each stream after this time, with these bytes. */
  readonly ends?: { readonly afterMs: number; readonly bytes: string };
}

export interface SsePeerOptions extends PeerOptions {
  readonly faults?: SseFaults;
  readonly heartbeatMs: number;
  /** Sent when a stream opens. */
  readonly greeting?: Frame;
  readonly makeEvent?: (number: number, connection: Connection) => Frame;
}

const tick = (number: number): Frame => ({ event: "tick", data: JSON.stringify({ n: number }) });

/** A right server that replays its events, unless its options say otherwise: GET any path, POST for one more event. */
export async function startSsePeer(
  scope: Scope,
  options: SsePeerOptions,
): Promise<SseTarget & { readonly trigger: () => Promise<void> }> {
  const { faults = {}, heartbeatMs, greeting = { comment: "hello" }, makeEvent = tick } = options;
  const { numberOf = (count: number) => count } = faults;
  const history: number[] = [];
  const listeners = new Set<Listener>();
  sendBeats(listeners, heartbeatMs, faults.beats, scope);

  const follow = (connection: Connection, writer: Writer): void => {
    const held: Frame[] = [];
    let sent = 0;
    const send = (frame: Frame): void =>
      faults.holdsBackMs === undefined ? writer.send(frame) : void held.push(frame);
    const frameOf = (number: number): Frame => {
      sent += 1;
      return { id: faults.idOf?.(number, connection, sent) ?? `e.${number}`, ...makeEvent(number, connection) };
    };
    send(greeting);
    let missed = 0;
    if (connection.lastEventId !== undefined) {
      const last = Number(connection.lastEventId.split(".")[1]);
      const { replay = (from: number, all: readonly number[]) => all.filter((number) => number > from) } = faults;
      for (const number of replay(last, history, connection)) {
        missed += 1;
        send(faults.replayed?.(frameOf(number)) ?? frameOf(number));
      }
    }
    const listener = { event: (number: number) => send(frameOf(number)), beat: () => send({ comment: "" }) };
    goLive(listeners, listener, missed > 0 ? faults.duringReplay : undefined);
    writer.onClose(() => listeners.delete(listener));
    const { afterMs = faults.holdsBackMs, bytes = "" } = faults.ends ?? {};
    if (afterMs === undefined) return;
    setTimeout(() => {
      for (const frame of held) writer.send(frame);
      writer.send({ raw: bytes });
      writer.end();
    }, afterMs);
  };

  const origin = await startPeer(
    scope,
    {
      stream: (connection, open) => follow(connection, open()),
      post() {
        const number = numberOf(history.length + 1);
        history.push(number);
        for (const { event } of listeners) event(number);
        return { status: 200, body: {} };
      },
    },
    options,
  );
  const url = `${origin}/stream`;
  const trigger = async (): Promise<void> => void (await (await fetch(url, { method: "POST" })).text());
  return { url, trigger };
}

function sendBeats(
  listeners: ReadonlySet<Listener>,
  everyMs: number,
  isSent: (count: number) => boolean = () => true,
  scope: Scope,
): void {
  let count = 0;
  const beat = setInterval(() => {
    count += 1;
    if (isSent(count)) for (const listener of listeners) listener.beat();
  }, everyMs);
  scope.defer(() => clearInterval(beat));
}

interface Listener {
  readonly event: (number: number) => void;
  readonly beat: () => void;
}

/** How long a broken server is neither here nor there after a replay: some triggers take less. */
const GAP_MS = 80;

function goLive(listeners: Set<Listener>, listener: Listener, fault: SseFaults["duringReplay"]): void {
  if (fault === "lost") return void setTimeout(() => listeners.add(listener), GAP_MS);
  if (fault !== "doubled") return void listeners.add(listener);
  let isFirst = true;
  const { beat, event } = listener;
  const doubling = {
    beat,
    event: (number: number) => {
      if (isFirst) event(number);
      isFirst = false;
      event(number);
    },
  };
  listeners.add(doubling);
}
