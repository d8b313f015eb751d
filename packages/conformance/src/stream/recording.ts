import { EventLog } from "../core/event-log.ts";
import { watchLag } from "../core/lag.ts";
import type { Scope } from "../core/scope.ts";
import { type ReceivedEvent, SseStream, type StreamEnd, type StreamOptions } from "./sse-stream.ts";

/** An event whose data should be an object. */
export interface RecordedEvent extends ReceivedEvent {
  /** Its data, or nothing if that isn't a JSON object. */
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** One connection from its request to its end, for rules to look at. */
export interface Recording {
  readonly label: string;
  readonly stream: SseStream;
  readonly log: EventLog;
  readonly lastEventId: string | undefined;
  readonly events: readonly RecordedEvent[];
  /** How it ended; "still open" if the server didn't end it. */
  readonly end: StreamEnd | "still open";
  /** How late timers fired meanwhile, at most. */
  readonly lagMs: number;
}

/** A connection that is being recorded. */
export interface Recorder {
  readonly stream: SseStream;
  /** What has been received until now. */
  readonly recording: () => Recording;
  /** Closes the connection. */
  readonly finish: () => Recording;
}

export interface RecordOptions extends StreamOptions {
  readonly label: string;
  /** Closes the stream once the events satisfy this. */
  readonly until?: (events: readonly ReceivedEvent[]) => boolean;
  /** Gives up when no event that counts has come for so long. */
  readonly quietMs: number;
  /** Whether an event counts as something that happened. All do by default. */
  readonly counts?: (event: ReceivedEvent) => boolean;
}

/** Opens a connection. It judges nothing: a stream that goes wrong is recorded as it is. */
export async function openRecorder(
  url: string,
  scope: Scope,
  options: StreamOptions & { readonly label: string },
): Promise<Recorder> {
  const log = new EventLog();
  const lag = watchLag();
  scope.defer(lag.stop);
  const stream = await SseStream.open(url, { timeoutMs: scope.patienceMs, ...options, log });
  scope.defer(() => stream.close());
  let end: Recording["end"] = "still open";
  let isClosed = false;
  void stream.ended.then((how) => (end = isClosed ? end : how));
  const { label, lastEventId } = options;
  const recording = (): Recording => ({
    label,
    stream,
    log,
    lastEventId,
    events: stream.events.items.map(withFields),
    end,
    lagMs: lag.longestMs(),
  });
  const finish = (): Recording => {
    isClosed = true;
    stream.close();
    lag.stop();
    return recording();
  };
  return { stream, recording, finish };
}

/** Records a connection until it has enough, ends or goes quiet. */
export async function record(url: string, scope: Scope, options: RecordOptions): Promise<Recording> {
  const { until = () => false, quietMs, counts = () => true } = options;
  const recorder = await openRecorder(url, scope, options);
  const { stream } = recorder;
  for (let seen = -1; ;) {
    const counted = stream.events.items.filter(counts).length;
    if (until(stream.events.items) || counted === seen || stream.events.isOver) break;
    seen = counted;
    const more = (items: readonly ReceivedEvent[]): boolean => until(items) || items.filter(counts).length > seen;
    await stream.events.until(more, quietMs, "another event").catch(() => undefined);
  }
  if (stream.events.isOver) await stream.ended;
  return recorder.finish();
}

const withFields = (event: ReceivedEvent): RecordedEvent => ({ ...event, fields: objectOf(event.data) });

export function objectOf(data: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
