import { FrameBatch } from "./frame-batch.ts";
import type { Codec } from "./frame.ts";

/** The heartbeats of one transport; `undefined` if it keeps connections alive itself. */
export interface Heartbeats {
  readonly caughtUp: FrameBatch | undefined;
  readonly catchingUp: FrameBatch | undefined;
}

export function heartbeatsOf(codec: Codec, cursor: string): Heartbeats {
  const [caughtUp, catchingUp] = [codec.heartbeat(cursor), codec.heartbeat(undefined)];
  return { caughtUp: caughtUp && FrameBatch.of(caughtUp), catchingUp: catchingUp && FrameBatch.of(catchingUp) };
}
