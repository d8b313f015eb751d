import type { Scope } from "../../core/scope.ts";
import { SseStream, type StreamOptions } from "../../stream/sse-stream.ts";

/** An SSE endpoint. */
export interface SseTarget {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long to wait for events that the server sends by itself, in milliseconds. Default 3 s. */
  readonly listenMs?: number;
  /** The server's heartbeat interval, in milliseconds. Default 15 s. */
  readonly heartbeatMs?: number;
  /** Makes the server send one more event. */
  readonly trigger?: () => Promise<unknown>;
  /** Called with each new stream before the checks: for servers that need a separate subscribe request. */
  readonly prepare?: (stream: SseStream) => Promise<unknown>;
}

export interface SseContext {
  readonly target: SseTarget;
  readonly listenMs: number;
  readonly heartbeatMs: number;
  /** The first connection, read for `listenMs`; the header and format cases check it. */
  readonly sample: SseStream;
  readonly open: (scope: Scope, options?: StreamOptions) => Promise<SseStream>;
}

/** How often a case calls the trigger. */
export const TRIGGER_COUNT = 3;

export async function openContext(target: SseTarget, scope: Scope): Promise<SseContext> {
  const { listenMs = 3_000, heartbeatMs = 15_000 } = target;
  const open: SseContext["open"] = async (at, options = {}) => {
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
  const ended = sample.ended.then(() => true);
  const listened = new Promise<void>((resolve) => setTimeout(resolve, listenMs));
  for (let i = 0; target.trigger && i < TRIGGER_COUNT; i += 1) {
    const before = sample.events.items.length;
    await target.trigger();
    // One at a time, so that a wrong order is the server's and not the kit's.
    await sample.until(({ length }) => length > before, "an event", scope.patienceMs).catch(() => undefined);
  }
  await Promise.race([ended, listened]);
  return { target, listenMs, heartbeatMs, sample, open };
}
