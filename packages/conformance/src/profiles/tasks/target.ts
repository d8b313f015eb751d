import { notOffered } from "../../core/checks.ts";
import type { Scope } from "../../core/scope.ts";
import { SseClient, type SseClientOptions } from "../../stream/sse-client.ts";

/** A server with task streams, and ways to start tasks of three kinds. Each gives the new task's id. */
export interface TasksTarget {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Reports progress at least once, and completes within a few seconds. */
  readonly completes: () => Promise<string>;
  /** Fails within a few seconds. */
  readonly fails?: () => Promise<string>;
  /** Is at work for longer than two heartbeats, and says nothing. */
  readonly idles?: () => Promise<string>;
  /** How long a stream may be without an event, in milliseconds. */
  readonly heartbeatMs?: number;
}

export interface TasksWorld {
  readonly target: TasksTarget;
  readonly heartbeatMs: number;
  /** Reads the stream of a task, strictly. */
  readonly listen: (scope: Scope, id: string, options?: SseClientOptions) => SseClient;
  /** Starts a task of a kind, if the server has one. */
  readonly start: (kind: "completes" | "fails" | "idles") => Promise<string>;
}

export function openWorld(target: TasksTarget): Promise<TasksWorld> {
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
    start: (kind) => target[kind]?.() ?? notOffered(`nobody said how to start a task that ${kind}`),
  });
}
