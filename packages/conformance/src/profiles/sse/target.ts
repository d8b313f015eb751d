import type { Scope } from "../../core/scope.ts";
import { SseStream, type StreamOptions } from "../../stream/sse-stream.ts";

/** Any endpoint that streams, and what is known of it. */
export interface SseTarget {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long to listen, in milliseconds, for what comes by itself. */
  readonly listenMs?: number;
  /** At most so long may the stream be without a byte, in milliseconds. */
  readonly heartbeatMs?: number;
  /** Makes the server send one event more to who listens. */
  readonly trigger?: () => Promise<unknown>;
  /** Told of each new stream before anything is expected of it: for servers that are told apart what to send. */
  readonly prepare?: (stream: SseStream) => Promise<unknown>;
}

/** What the cases of the profile stand on. */
export interface SseWorld {
  readonly target: SseTarget;
  readonly listenMs: number;
  readonly heartbeatMs: number;
  /** The first connection, listened to for `listenMs`; the cases of format and headers read it. */
  readonly sample: SseStream;
  readonly open: (scope: Scope, options?: StreamOptions) => Promise<SseStream>;
}

/** How many events are asked of a trigger. */
export const TRIGGERED = 3;

export async function openWorld(target: SseTarget, scope: Scope): Promise<SseWorld> {
  const { listenMs = 3_000, heartbeatMs = 15_000 } = target;
  const open: SseWorld["open"] = async (at, options = {}) => {
    const headers = { ...target.headers, ...options.headers };
    const stream = await SseStream.open(target.url, {
      log: at.log,

      timeoutMs: at.patienceMs,
      ...options,
      headers,
    });
    at.defer(() => stream.close());
    if (stream.status === 200) await target.prepare?.(stream);
    return stream;
  };
  const sample = await open(scope);
  const over = sample.ended.then(() => true);
  const listened = new Promise<void>((resolve) => setTimeout(resolve, listenMs));
  for (let i = 0; target.trigger && i < TRIGGERED; i += 1) {
    const before = sample.events.items.length;
    await target.trigger();
    // One at a time, so that those of a server that keeps no order are told apart from those of the kit.
    await sample.until(({ length }) => length > before, "an event", scope.patienceMs).catch(() => undefined);
  }
  await Promise.race([over, listened]);
  return { target, listenMs, heartbeatMs, sample, open };
}
