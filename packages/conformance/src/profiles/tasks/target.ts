import { notOffered } from "../../core/checks.ts";
import type { Scope } from "../../core/scope.ts";
import { SseClient, type SseClientOptions } from "../../stream/sse-client.ts";

/** A server with task streams, and functions that start tasks and return their ids. */
export interface TasksTarget {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Starts a task that reports progress and completes within a few seconds. */
  readonly completes: () => Promise<string>;
  /** Starts a task that fails within a few seconds. */
  readonly fails?: () => Promise<string>;
  /** Starts a task that runs for longer than two heartbeats and reports nothing. */
  readonly idles?: () => Promise<string>;
  /** The server's heartbeat interval, in milliseconds. Default 5 s. */
  readonly heartbeatMs?: number;
}

export interface TasksContext {
  readonly target: TasksTarget;
  readonly heartbeatMs: number;
  /** A strict client of the task's stream. */
  readonly listen: (scope: Scope, id: string, options?: SseClientOptions) => SseClient;
  /** Starts a task of this kind, or skips the case if the target cannot. */
  readonly start: (kind: "completes" | "fails" | "idles") => Promise<string>;
}

export function openContext(target: TasksTarget): Promise<TasksContext> {
  const base = target.url.replace(/\/+$/, "");
  return Promise.resolve({
    target,
    heartbeatMs: target.heartbeatMs ?? 5_000,
    listen: (scope, id, options = {}) =>
      new SseClient(`${base}/api/tasks/${encodeURIComponent(id)}/stream`, {
        log: scope.log,
        timeoutMs: scope.patienceMs,
        ...options,
        headers: { ...target.headers, ...options.headers },
      }),
    start: (kind) => target[kind]?.() ?? notOffered(`no way to start a task that ${kind} was given (--${kind})`),
  });
}
