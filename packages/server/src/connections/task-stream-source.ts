import { positionProblem } from "../log/cursor-problem.ts";
import type { LostCursor } from "../log/cursors.ts";
import type { TaskEvent } from "../tasks/task-event.ts";
import type { TaskHistories } from "../tasks/task-histories.ts";
import type { TaskStream } from "../tasks/task-stream.ts";
import type { StreamSource } from "../transports/event-stream.ts";
import {
  encodeClose,
  encodeOpen,
  encodeCorrelated,
  encodeHead,
  encodeTail,
  jsonFields,
  encodeHeartbeat,
} from "./event-stream-encoding.ts";

/** About how many characters one write takes. */
const CHUNK_CHARACTERS = 64 << 10;

const encoder = new TextEncoder();

/** The stream of a task that does not exist: it reports the error and ends. */
export function unknownTaskSource(correlationId: string): StreamSource {
  const opening =
    encodeOpen(correlationId) +
    encodeCorrelated(correlationId, "error", { error: "Task not found" }) +
    encodeClose(correlationId, "task_not_found");
  return {
    opening,
    listen: () => () => {},
    next: () => undefined,
    isOver: true,
    heartbeat: (now) => encodeHeartbeat(correlationId, now),
    closeNotice: () => "",
  };
}

export interface TaskStreamOptions {
  readonly histories: TaskHistories;
  readonly stream: TaskStream;
  readonly correlationId: string;
  readonly idOf: TaskEventIdOf;
  /** The last event that the client received before it reconnected. */
  readonly since: TaskEventSince;
}

/** Gives the id of an event on the wire: the same on every connection. @param seq of its change in the log */
export type TaskEventIdOf = (event: number, seq: number) => string;

export type TaskEventSince = { readonly event: number } | LostCursor | undefined;

/** One client's view of a task: a position in the task's events, and nothing else. */
export class TaskStreamSource implements StreamSource {
  readonly opening: string;
  readonly #histories: TaskHistories;
  #stream: TaskStream;
  readonly #idOf: TaskEventIdOf;
  readonly #correlationId: string;
  readonly #tail: Uint8Array;
  /** The number of the last event that was sent. */
  #position: number;
  #isOver = false;

  constructor({ histories, stream, idOf, correlationId, since }: TaskStreamOptions) {
    this.#histories = histories;
    this.#stream = stream;
    this.#idOf = idOf;
    this.#correlationId = correlationId;
    this.#tail = encoder.encode(encodeTail(correlationId));
    // Whether the events after the cursor are still there is checked when they are read.
    const problem = since && problemOf(since, stream);
    this.#position = since && !("lost" in since) && !problem ? since.event : 0;
    this.opening = encodeOpen(correlationId) + (problem ? this.#resync(problem) : "");
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  closeNotice(reason: "server_shutdown" | "auth_expired"): string {
    return encodeClose(this.#correlationId, reason);
  }

  listen(wake: () => void): () => void {
    this.#stream = this.#histories.attach(this.#stream);
    return this.#stream.listen(wake);
  }

  next(): Uint8Array | undefined {
    if (this.#isOver) return undefined;
    const { forgotten, isOver } = this.#stream.history;
    if (this.#position < forgotten) {
      this.#position = forgotten;
      return encoder.encode(this.#resync("expired"));
    }
    const chunk = this.#stream.nextChunk(this.#position, CHUNK_CHARACTERS, (event) => this.#encodeHead(event));
    if (chunk) {
      this.#position = chunk.to;
      return this.#join(chunk.events);
    }
    if (!isOver) return undefined;
    this.#isOver = true;
    const { reason, id } = closeEventOf(this.#stream, this.#idOf);
    return encoder.encode(encodeClose(this.#correlationId, reason, id));
  }

  heartbeat(now: Date): string {
    return encodeHeartbeat(this.#correlationId, now);
  }

  /** Says that events are missing between the client's last one and the next. */
  #resync(reason: "epoch" | "unknown" | "expired"): string {
    return encodeCorrelated(this.#correlationId, "resync", { reason });
  }

  /** The same for all clients, and encoded once for those at the same position. */
  #encodeHead({ number, type, time, seq, data }: TaskEvent): Uint8Array {
    const about = { event_type: type, task_id: this.#stream.id, timestamp: new Date(time).toISOString() };
    const id = this.#idOf(number, seq);
    return encoder.encode(encodeHead("task_event", `${jsonFields(about)}, "data": ${data}`, id));
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

/** A client that reconnects with this id has received everything, the end included. */
const closeEventOf = (
  { history }: TaskStream,
  idOf: TaskEventIdOf,
): { readonly reason: string; readonly id: string } => {
  const [last] = history.after(history.last - 1, 1);
  return { reason: last?.type ?? "task_failed", id: idOf(history.last + 1, last?.seq ?? 0) };
};

const problemOf = (since: NonNullable<TaskEventSince>, { history }: TaskStream) =>
  "lost" in since ? since.lost : positionProblem(since.event, { head: history.last, trimmedTo: 0 });

/** Whether the client has received the end of the task and of its stream. */
export const hasReceivedAll = ({ history }: TaskStream, since: TaskEventSince): boolean =>
  history.isOver && since !== undefined && !("lost" in since) && since.event === history.last + 1;
