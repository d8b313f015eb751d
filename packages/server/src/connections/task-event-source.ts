import { type Cursor, type Epoch, formatCursor } from "@headwater/protocol";
import type { TaskEvent } from "../tasks/task-event.ts";
import type { TaskHistories } from "../tasks/task-histories.ts";
import type { TaskStream } from "../tasks/task-stream.ts";
import type { StreamSource } from "../transports/event-stream.ts";
import {
  connectionClose,
  connectionOpen,
  correlated,
  eventHead,
  eventTail,
  fieldsOf,
  heartbeat,
} from "./correlated-events.ts";

/** Characters of text that one write takes, more or less. */
const STRETCH = 64 << 10;

const encoder = new TextEncoder();

/** How the stream of a task that is not there begins and ends. */
export function unknownTask(correlation: string): StreamSource {
  const opening =
    connectionOpen(correlation) +
    correlated(correlation, "error", { error: "Task not found" }) +
    connectionClose(correlation, "task_not_found");
  return {
    opening,
    listen: () => () => {},
    next: () => undefined,
    isOver: true,
    heartbeat: (now) => heartbeat(correlation, now),
    farewell: "",
  };
}

/** What a task tells one listener: a place among the task's events, and nothing else. */
export class TaskSource implements StreamSource {
  readonly opening: string;
  readonly #views: TaskHistories;
  #view: TaskStream;
  readonly #epoch: Epoch;
  readonly #correlation: string;
  readonly #tail: Uint8Array;
  #place: number;
  #isOver = false;

  /** @param seen where its client was when it was here before */
  constructor(views: TaskHistories, view: TaskStream, epoch: Epoch, correlation: string, seen: Cursor | undefined) {
    this.#views = views;
    this.#view = view;
    this.#epoch = epoch;
    this.#correlation = correlation;
    this.#tail = encoder.encode(eventTail(correlation));
    const lost = seen && (seen.epoch !== epoch ? "epoch" : seen.seq > view.history.last ? "unknown" : undefined);
    this.#place = lost ? 0 : (seen?.seq ?? 0);
    this.opening = connectionOpen(correlation) + (lost ? this.#resync(lost) : "");
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get farewell(): string {
    return connectionClose(this.#correlation, "server_shutdown");
  }

  listen(wake: () => void): () => void {
    this.#view = this.#views.attach(this.#view);
    return this.#view.listen(wake);
  }

  next(): Uint8Array | undefined {
    if (this.#isOver) return undefined;
    const { forgotten, isOver } = this.#view.history;
    if (this.#place < forgotten) {
      this.#place = forgotten;
      return encoder.encode(this.#resync("expired"));
    }
    const stretch = this.#view.nextChunk(this.#place, STRETCH, (event) => this.#head(event));
    if (stretch) {
      this.#place = stretch.to;
      return this.#join(stretch.events);
    }
    if (!isOver) return undefined;
    this.#isOver = true;
    const { reason, id } = closingOf(this.#view, this.#epoch);
    return encoder.encode(connectionClose(this.#correlation, reason, id));
  }

  heartbeat(now: Date): string {
    return heartbeat(this.#correlation, now);
  }

  /** Says that what follows is not what followed the last event. */
  #resync(reason: "epoch" | "unknown" | "expired"): string {
    return correlated(this.#correlation, "resync", { reason });
  }

  /** The same for all listeners, and made once for those at the same place. */
  #head({ number, type, time, data }: TaskEvent): Uint8Array {
    const about = { event_type: type, task_id: this.#view.id, timestamp: new Date(time).toISOString() };
    const id = formatCursor({ epoch: this.#epoch, seq: number });
    return encoder.encode(eventHead("task_event", `${fieldsOf(about)}, "data": ${data}`, id));
  }

  #join(heads: readonly Uint8Array[]): Uint8Array {
    const tail = this.#tail;
    const bytes = new Uint8Array(heads.reduce((sum, head) => sum + head.length + tail.length, 0));
    let at = 0;
    for (const head of heads) {
      bytes.set(head, at);
      bytes.set(tail, at + head.length);
      at += head.length + tail.length;
    }
    return bytes;
  }
}

/** Its id says that a client which comes back with it has heard everything, the end included. */
const closingOf = ({ history }: TaskStream, epoch: Epoch): { readonly reason: string; readonly id: string } => ({
  reason: history.after(history.last - 1, 1)[0]?.type ?? "task_failed",
  id: formatCursor({ epoch, seq: history.last + 1 }),
});

/** Has the client heard the task's end, and its stream's? */
export const hasHeardAll = ({ history }: TaskStream, epoch: Epoch, seen: Cursor | undefined): boolean =>
  history.isOver && seen?.epoch === epoch && seen.seq === history.last + 1;
