import type { Scope } from "../../core/scope.ts";
import { once } from "../../model/judge.ts";
import { openRecorder, type Recorder, type Recording } from "../../stream/recording.ts";
import type { SseStream } from "../../stream/sse-stream.ts";
import { type Play, playWithTrigger, playWithoutTrigger } from "./play.ts";

/** An SSE endpoint. */
export interface SseTarget {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes the server send one more event. */
  readonly trigger?: () => Promise<unknown>;
  /** Called with each new stream before the checks: for servers that need a separate subscribe request. */
  readonly prepare?: (stream: SseStream) => Promise<unknown>;
}

/** What the cases judge. Each is recorded once, when the first case asks for it. */
export interface SseContext {
  readonly target: SseTarget;
  readonly play: () => Promise<Play>;
  /** The streams that were left open after the play, when nothing had happened for some heartbeats. */
  readonly idle: () => Promise<readonly Recording[]>;
}

/** How many heartbeats an idle stream is left open for. */
const IDLE_SILENCES = 2;

export function openContext(target: SseTarget, scope: Scope): Promise<SseContext> {
  const open = async (label: string, lastEventId?: string): Promise<Recorder> => {
    const { headers = {} } = target;
    const recorder = await openRecorder(target.url, scope, { label, headers, lastEventId });
    if (recorder.stream.status === 200) await target.prepare?.(recorder.stream);
    return recorder;
  };
  const play = once(() =>
    target.trigger ? playWithTrigger(open, target.trigger, scope.clock) : playWithoutTrigger(open, scope.clock),
  );
  return Promise.resolve({
    target,
    play,
    idle: once(async () => {
      const { leftOpen } = await play();
      await Promise.all(leftOpen.map(({ stream }) => untilSilent(stream, scope)));
      return leftOpen.map(({ finish }) => finish());
    }),
  });
}

/** Waits for some heartbeats, or until the stream is silent for too long. */
async function untilSilent({ chunks }: SseStream, { clock }: Scope): Promise<void> {
  const end = performance.now() + IDLE_SILENCES * clock.silenceMs;
  for (let isAlive = true; isAlive && !chunks.isOver && performance.now() < end;) {
    const { length } = chunks.items;
    // Longer than the limit, so that its end is seen to pass.
    isAlive = await chunks
      .until((items) => items.length > length, 1.5 * clock.silenceMs, "a byte")
      .then(
        () => true,
        () => false,
      );
  }
}
