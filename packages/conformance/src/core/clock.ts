/** Every window of time in a run. */
export interface Clock {
  /** The interval after which the server sends a heartbeat if nothing else. */
  readonly heartbeatMs: number;
  /** The longest silence that a server may keep: twice the heartbeat, so that a loaded machine is not a fault. */
  readonly silenceMs: number;
  /** How long an event that is due may take. */
  readonly patienceMs: number;
  /** How long to listen for events that a server sends by itself. */
  readonly listenMs: number;
  /** How long to wait before concluding that something does not come. */
  readonly settleMs: number;
  /** The limit of a case that does not set its own. */
  readonly caseMs: number;
}

export interface ClockOptions {
  /** The profile's usual interval by default. */
  readonly heartbeatMs?: number | undefined;
  /** Default 10 s: long enough for a machine under load. */
  readonly patienceMs?: number | undefined;
  /** Default 3 s. */
  readonly listenMs?: number | undefined;
  /** Default 0.6 s. */
  readonly settleMs?: number | undefined;
  /** Multiplies every window but the server's own interval: 2 on a machine that is twice as slow. */
  readonly scale?: number | undefined;
}

export function clockOf(options: ClockOptions = {}, usualHeartbeatMs = 15_000): Clock {
  const { scale = 1, patienceMs = 10_000, listenMs = 3_000, settleMs = 600 } = options;
  const heartbeatMs = options.heartbeatMs ?? usualHeartbeatMs;
  return {
    heartbeatMs,
    silenceMs: 2 * heartbeatMs * scale,
    patienceMs: patienceMs * scale,
    listenMs: listenMs * scale,
    settleMs: settleMs * scale,
    caseMs: 30_000 * scale,
  };
}
