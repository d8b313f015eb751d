import { check, notOffered, show } from "../../core/checks.ts";
import type { Scope } from "../../core/scope.ts";
import { openRecorder, type Recorder } from "../../stream/recording.ts";
import type { SseStream } from "../../stream/sse-stream.ts";

export interface ReplicacheTarget {
  /** The server's base URL; the endpoints are under /api/v1/replicache. */
  readonly url: string;
  /** A user's token. */
  readonly token: string;
  /** Another user's token. */
  readonly otherToken?: string;
}

export interface ReplicacheContext {
  readonly token: string;
  readonly otherToken: () => string;
  /** Opens a stream, whatever the status. */
  readonly open: (scope: Scope, token: string | undefined, label?: string) => Promise<Recorder>;
  /** Opens a stream and waits for its first message. */
  readonly connect: (scope: Scope, token: string, label?: string) => Promise<SseStream>;
  readonly request: (method: string, path: string, token: string | undefined, body?: unknown) => Promise<JsonReply>;
  /** The first stream of the user. It stays open to the end. */
  readonly first: Recorder;
  /** Every stream that was opened with a token. */
  readonly streams: readonly Recorder[];
  /** How many streams of the user the kit has open: the server must count at least as many. */
  readonly openCount: () => number;
}

interface JsonReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export async function openContext(
  { url, token, otherToken }: ReplicacheTarget,
  setup: Scope,
): Promise<ReplicacheContext> {
  const { clock } = setup;
  const base = `${url.replace(/\/+$/, "")}/api/v1/replicache`;
  const streams: Recorder[] = [];
  const own: SseStream[] = [];
  const open: ReplicacheContext["open"] = async (scope, who, label = "stream") => {
    const headers = who === undefined ? {} : { authorization: `Bearer ${who}` };
    const recorder = await openRecorder(`${base}/stream`, scope, { label, headers });
    scope.log.include(recorder.recording().log);
    if (who === token || who === otherToken) streams.push(recorder);
    if (who === token && recorder.stream.status === 200) own.push(recorder.stream);
    return recorder;
  };
  return {
    token,
    first: await open(setup, token, "first"),
    openCount: () => own.filter(({ events }) => !events.isOver).length,
    otherToken: () => otherToken ?? notOffered("only one token was given (add --other-token)"),
    open,
    streams,
    async connect(scope, who, label) {
      const { stream } = await open(scope, who, label);
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
        signal: AbortSignal.timeout(clock.patienceMs),
      });
      const text = await response.text();
      return { status: response.status, body: parse(text) };
    },
  };
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
