import { Batch } from "./batch.ts";
import type { Codec } from "./frame.ts";

/** What keeps quiet connections of one transport alive; `undefined` where the transport sees to that itself. */
export interface Heartbeats {
  readonly caughtUp: Batch | undefined;
  readonly catchingUp: Batch | undefined;
}

export function heartbeatsOf(codec: Codec, cursor: string): Heartbeats {
  const [caughtUp, catchingUp] = [codec.heartbeat(cursor), codec.heartbeat(undefined)];
  return { caughtUp: caughtUp && Batch.of(caughtUp), catchingUp: catchingUp && Batch.of(catchingUp) };
}
