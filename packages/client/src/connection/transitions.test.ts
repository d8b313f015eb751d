import { describe, expect, test } from "bun:test";
import { array, assert, constantFrom, double, integer, property, record } from "fast-check";
import { HeadwaterError } from "../errors.ts";
import { backoff, DEFAULT_BACKOFF } from "./backoff.ts";
import type { ConnectionInput, ConnectionState } from "./connection-state.ts";
import { transition, type TransitionContext } from "./transitions.ts";

const error = new HeadwaterError("network", "cut");
const LIMITS = { ...DEFAULT_BACKOFF, connectMs: 15_000, stableMs: 5_000, quietMs: 50_000 };
const at = (now: number, rest: Partial<TransitionContext> = {}): TransitionContext => ({
  now,
  random: 0.5,
  retryMs: undefined,
  limits: LIMITS,
  ...rest,
});

/** Tracks the effects: whether there is a link, and a timer. */
interface Owner {
  state: ConnectionState;
  connected: boolean;
  timerSet: boolean;
}

function step(owner: Owner, input: ConnectionInput, context: TransitionContext): void {
  const { state, effects } = transition(owner.state, input, context);
  for (const { kind } of effects) {
    if (kind === "connect" && owner.connected) throw new Error(`${owner.state.kind}, ${input.kind}: a second link`);
    if (kind === "connect") owner.connected = true;
    if (kind === "disconnect") owner.connected = false;
    if (kind === "set-timer") owner.timerSet = true;
    if (kind === "clear-timer") owner.timerSet = false;
  }
  owner.state = state;
}

const INPUTS: readonly ConnectionInput[] = [
  { kind: "start" },
  { kind: "stop" },
  { kind: "opened" },
  { kind: "lost", error },
  { kind: "refused", error },
  { kind: "timer" },
  { kind: "reconnect" },
  { kind: "wake", quietMs: 1_000 },
  { kind: "wake", quietMs: 60_000 },
  { kind: "offline" },
];

test("after any inputs, there is exactly one link while connecting or open, and a timer while connecting or waiting", () => {
  const stepArbitrary = record({
    input: constantFrom(...INPUTS),
    after: integer({ min: 0, max: 60_000 }),
    random: double({ min: 0, max: 0.999, noNaN: true }),
  });
  assert(
    property(array(stepArbitrary, { maxLength: 60 }), (steps) => {
      const owner: Owner = { state: { kind: "closed" }, connected: false, timerSet: false };
      let now = 0;
      for (const { input, after, random } of steps) {
        now += after;
        const isFromLink = input.kind === "opened" || input.kind === "lost" || input.kind === "refused";
        // Only an existing link and a set timer can produce inputs.
        if ((isFromLink && !owner.connected) || (input.kind === "timer" && !owner.timerSet)) continue;
        if (input.kind === "lost" || input.kind === "refused") owner.connected = false;
        if (input.kind === "timer") owner.timerSet = false;
        step(owner, input, at(now, { random }));
        const { kind } = owner.state;
        expect([kind, owner.connected]).toEqual([kind, kind === "connecting" || kind === "open"]);
        expect([kind, owner.timerSet]).toEqual([kind, kind === "connecting" || kind === "waiting"]);
      }
    }),
    { numRuns: 2_000 },
  );
});

describe("the pause before a reconnect", () => {
  test("is random within a range that doubles, on top of the server's delay, within limits", () => {
    const requested = constantFrom(undefined, 0, 500, 2_000, 10 ** 9);
    assert(
      property(
        integer({ min: 0, max: 2_000 }),
        requested,
        double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, requestedMs, random) => {
          const pause = backoff(attempt, requestedMs, random, DEFAULT_BACKOFF);
          const least = Math.min(requestedMs ?? DEFAULT_BACKOFF.minMs, DEFAULT_BACKOFF.maxRetryAfterMs);
          expect(pause).toBeGreaterThanOrEqual(least);
          expect(pause).toBeLessThanOrEqual(
            least + Math.min(DEFAULT_BACKOFF.maxMs, DEFAULT_BACKOFF.baseMs * 2 ** Math.min(attempt, 30)),
          );
        },
      ),
    );
    expect([0, 1, 2].map((attempt) => backoff(attempt, undefined, 0.5, DEFAULT_BACKOFF))).toEqual([300, 500, 900]);
  });

  test("grows while connections end at once, and restarts after a connection that lasted", () => {
    let state = { kind: "closed" } as ConnectionState;
    const pauses: number[] = [];
    let now = 0;
    const apply = (input: ConnectionInput): ConnectionState => (state = transition(state, input, at(now)).state);
    apply({ kind: "start" });
    for (const durationMs of [0, 0, 0, 6_000, 0]) {
      apply({ kind: "opened" });
      now += durationMs;
      const waiting = apply({ kind: "lost", error });
      if (waiting.kind !== "waiting") throw new Error(`it is ${waiting.kind}`);
      pauses.push(waiting.until - now);
      apply({ kind: "timer" });
    }
    expect(pauses).toEqual([300, 500, 900, 300, 500]);
  });

  test("follows `Retry-After` rather than `retry:`", () => {
    const late = new HeadwaterError("busy", "retry later", { retryAfterMs: 3_000 });
    const { state } = transition(
      { kind: "connecting", attempt: 0 },
      { kind: "lost", error: late },
      at(0, { retryMs: 700 }),
    );
    expect(state).toMatchObject({ kind: "waiting", until: 3_200 });
  });
});

test("on wake, a waiting client connects at once, a silent connection is replaced and a live one is kept", () => {
  const wake = { kind: "wake", quietMs: 60_000 } as const;
  const waiting: ConnectionState = { kind: "waiting", attempt: 4, until: 9_999, error };
  expect(transition(waiting, wake, at(0)).effects[0]).toEqual({ kind: "connect" });
  const open: ConnectionState = { kind: "open", attempt: 0, since: 0 };
  expect(transition(open, wake, at(0)).effects.map(({ kind }) => kind)).toEqual(["disconnect", "connect", "set-timer"]);
  expect(transition(open, { kind: "wake", quietMs: 10 }, at(0))).toEqual({ state: open, effects: [] });
});
