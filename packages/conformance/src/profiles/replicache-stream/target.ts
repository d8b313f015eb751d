import { check, notOffered, show } from "../../core/checks.ts";
import type { Scope } from "../../core/scope.ts";
import { SseStream } from "../../stream/sse-stream.ts";

export interface ReplicacheTarget {
  /** The server's base URL; the endpoints are under /api/v1/replicache. */
  readonly url: string;
  /** A user's token. */
  readonly token: string;
  /** Another user's token. */
  readonly otherToken?: string;
  /** The server's ping interval, in milliseconds. Default 30 s. */
  readonly pingMs?: number;
}

export interface ReplicacheContext {
  readonly pingMs: number;
  readonly token: string;
  readonly otherToken: () => string;
  /** Opens a stream, whatever the status. */
  readonly open: (scope: Scope, token: string | undefined, label?: string) => Promise<SseStream>;
  /** Opens a stream and waits for its first message. */
  readonly connect: (scope: Scope, token: string, label?: string) => Promise<SseStream>;
  readonly request: (method: string, path: string, token: string | undefined, body?: unknown) => Promise<JsonReply>;
}

interface JsonReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const PING_MS = 30_000;

export function openContext({
  url,
  token,
  otherToken,
  pingMs = PING_MS,
}: ReplicacheTarget): Promise<ReplicacheContext> {
  const base = `${url.replace(/\/+$/, "")}/api/v1/replicache`;
  const open: ReplicacheContext["open"] = async (scope, who, label = "") => {
    const headers = who === undefined ? {} : { authorization: `Bearer ${who}` };
    const stream = await SseStream.open(`${base}/stream`, {
      headers,
      label,
      log: scope.log,
      timeoutMs: scope.patienceMs,
    });
    scope.defer(() => stream.close());
    return stream;
  };
  return Promise.resolve({
    pingMs,
    token,
    otherToken: () => otherToken ?? notOffered("only one token was given (add --other-token)"),
    open,
    async connect(scope, who, label) {
      const stream = await open(scope, who, label);
      check(stream.status === 200, `GET stream: ${stream.status}`);
      await stream.until(({ length }) => length > 0, "the first message");
      return stream;
    },
    async request(method, path, who, body) {
      const response = await fetch(`${base}${path}`, {
        method,
        headers: {
          ...(who !== undefined && { authorization: `Bearer ${who}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(10_000),
      });
      const text = await response.text();
      return { status: response.status, body: parse(text) };
    },
  });
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return { text: show(text) };
  }
}

/** How many `sync` messages the stream has received. */
export const syncsOf = ({ events }: SseStream): number => events.items.filter(({ data }) => data === "sync").length;
