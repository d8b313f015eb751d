import { describe, expect, test } from "bun:test";
import { array, assert, constantFrom, double, integer, property, record } from "fast-check";
import { HeadwaterError } from "../errors.ts";
import { backoff, BACKOFF } from "./backoff.ts";
import type { ConnectionInput, ConnectionState } from "./connection-state.ts";
import { transition, type TransitionContext } from "./transitions.ts";

const error = new HeadwaterError("network", "cut");
const LIMITS = { ...BACKOFF, connectMs: 15_000, stableMs: 5_000, quietMs: 50_000 };
const at = (now: number, rest: Partial<TransitionContext> = {}): TransitionContext => ({
  now,
  random: 0.5,
  retryMs: undefined,
  limits: LIMITS,
  ...rest,
});

/** What an owner does of the effects: whether there is a link, and an alarm. */
interface Owner {
  state: ConnectionState;
  connected: boolean;
  timerSet: boolean;
}

function step(owner: Owner, input: ConnectionInput, context: TransitionContext): void {
  const { state, effects } = transition(owner.state, input, context);
  for (const { kind } of effects) {
    if (kind === "dial" && owner.connected)
      throw new Error(`${owner.state.kind}, ${input.kind}: a link that nobody closes`);
    if (kind === "dial") owner.connected = true;
    if (kind === "hang-up") owner.connected = false;
    if (kind === "alarm") owner.timerSet = true;
    if (kind === "disarm") owner.timerSet = false;
  }
  owner.state = state;
}

const INPUTS: readonly ConnectionInput[] = [
  { kind: "start" },
  { kind: "stop" },
  { kind: "opened" },
  { kind: "lost", error },
  { kind: "refused", error },
  { kind: "due" },
  { kind: "renew" },
  { kind: "woke", quietMs: 1_000 },
  { kind: "woke", quietMs: 60_000 },
  { kind: "offline" },
];

test("whatever happens, there is a link while one is needed and no other, and an alarm while something is waited for", () => {
  const happening = record({
    input: constantFrom(...INPUTS),
    after: integer({ min: 0, max: 60_000 }),
    random: double({ min: 0, max: 0.999, noNaN: true }),
  });
  assert(
    property(array(happening, { maxLength: 60 }), (happenings) => {
      const owner: Owner = { state: { kind: "closed" }, connected: false, timerSet: false };
      let now = 0;
      for (const { input, after, random } of happenings) {
        now += after;
        const isTheLinks = input.kind === "opened" || input.kind === "lost" || input.kind === "refused";
        // A link that there is not says nothing, and an alarm that is not set does not go off.
        if ((isTheLinks && !owner.connected) || (input.kind === "due" && !owner.timerSet)) continue;
        if (input.kind === "lost" || input.kind === "refused") owner.connected = false;
        if (input.kind === "due") owner.timerSet = false;
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
  test("is drawn anew from a span that doubles, above what the server asked for, within limits", () => {
    const asked = constantFrom(undefined, 0, 500, 2_000, 10 ** 9);
    assert(
      property(
        integer({ min: 0, max: 2_000 }),
        asked,
        double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, askedMs, random) => {
          const pause = backoff(attempt, askedMs, random, BACKOFF);
          const least = Math.min(askedMs ?? BACKOFF.minMs, BACKOFF.maxAskedMs);
          expect(pause).toBeGreaterThanOrEqual(least);
          expect(pause).toBeLessThanOrEqual(
            least + Math.min(BACKOFF.maxMs, BACKOFF.baseMs * 2 ** Math.min(attempt, 30)),
          );
        },
      ),
    );
    expect([0, 1, 2].map((attempt) => backoff(attempt, undefined, 0.5, BACKOFF))).toEqual([300, 500, 900]);
  });

  test("grows while a server greets and hangs up, and begins anew after a connection that has lasted", () => {
    let state = { kind: "closed" } as ConnectionState;
    const pauses: number[] = [];
    let now = 0;
    const go = (input: ConnectionInput): ConnectionState => (state = transition(state, input, at(now)).state);
    go({ kind: "start" });
    for (const lasts of [0, 0, 0, 6_000, 0]) {
      go({ kind: "opened" });
      now += lasts;
      const waiting = go({ kind: "lost", error });
      if (waiting.kind !== "waiting") throw new Error(`it is ${waiting.kind}`);
      pauses.push(waiting.until - now);
      go({ kind: "due" });
    }
    expect(pauses).toEqual([300, 500, 900, 300, 500]);
  });

  test("honours `Retry-After` before `retry:`", () => {
    const late = new HeadwaterError("busy", "later", { retryAfterMs: 3_000 });
    const { state } = transition(
      { kind: "connecting", attempt: 0 },
      { kind: "lost", error: late },
      at(0, { retryMs: 700 }),
    );
    expect(state).toMatchObject({ kind: "waiting", until: 3_200 });
  });
});

test("a page that comes back, or a network, does not wait; a quiet connection is left then, a lively one is kept", () => {
  const woke = { kind: "woke", quietMs: 60_000 } as const;
  const waiting: ConnectionState = { kind: "waiting", attempt: 4, until: 9_999, error };
  expect(transition(waiting, woke, at(0)).effects[0]).toEqual({ kind: "dial" });
  const open: ConnectionState = { kind: "open", attempt: 0, since: 0 };
  expect(transition(open, woke, at(0)).effects.map(({ kind }) => kind)).toEqual(["hang-up", "dial", "alarm"]);
  expect(transition(open, { kind: "woke", quietMs: 10 }, at(0))).toEqual({ state: open, effects: [] });
});
