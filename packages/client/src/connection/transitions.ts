import { HeadwaterError } from "../errors.ts";
import { backoff, type BackoffLimits } from "./backoff.ts";
import type { ConnectionEffect, ConnectionInput, ConnectionState } from "./connection-state.ts";

/** All that a transition may look at besides the state and the input: no clock, no chance of its own. */
export interface TransitionContext {
  readonly now: number;
  /** From 0 up to, but not, 1. */
  readonly random: number;
  /** What the server last said with `retry:`. */
  readonly retryMs: number | undefined;
  readonly limits: ConnectionLimits;
}

export interface ConnectionLimits extends BackoffLimits {
  /** How long a greeting may take. */
  readonly connectMs: number;
  /** A connection that lived this long has been a good one: the count of attempts starts again. */
  readonly stableMs: number;
  /** Silence after which a connection is taken for dead. */
  readonly quietMs: number;
}

export interface Transition {
  readonly state: ConnectionState;
  readonly effects: readonly ConnectionEffect[];
}

type State<Kind extends ConnectionState["kind"]> = Extract<ConnectionState, { kind: Kind }>;
type Input<Kind extends ConnectionInput["kind"]> = Extract<ConnectionInput, { kind: Kind }>;

/** Total by type: a state or an input without its cell does not compile. */
type Table = {
  readonly [S in ConnectionState["kind"]]: {
    readonly [I in ConnectionInput["kind"]]: (
      state: State<S>,
      input: Input<I>,
      context: TransitionContext,
    ) => Transition;
  };
};

const TABLE: Table = {
  closed: {
    start: (_, __, context) => connect(0, context),
    stop: stay,
    opened: stay,
    lost: stay,
    refused: stay,
    due: stay,
    renew: stay,
    woke: stay,
    offline: stay,
  },
  connecting: {
    start: stay,
    stop: close,
    opened: ({ attempt }, _, { now }) => ({ state: { kind: "open", attempt, since: now }, effects: [CLEAR_TIMER] }),
    lost: ({ attempt }, { error }, context) => wait(attempt, error, context),
    refused: (_, { error }) => fail(error),
    due: ({ attempt }, _, context) => wait(attempt, timeout(context), context),
    renew: stay,
    woke: ({ attempt }, _, context) => reconnect(attempt, context),
    offline: ({ attempt }, _, context) => waitForNetwork(attempt, context),
  },
  open: {
    start: stay,
    stop: close,
    opened: stay,
    lost: (state, { error }, context) => wait(nextAttempt(state, context), error, context),
    refused: (_, { error }) => fail(error),
    due: stay,
    renew: (_, __, context) => reconnect(0, context),
    woke: (state, { quietMs }, context) => (quietMs > context.limits.quietMs ? reconnect(0, context) : stay(state)),
    offline: (state, _, context) => waitForNetwork(nextAttempt(state, context), context),
  },
  waiting: {
    start: stay,
    stop: close,
    opened: stay,
    lost: stay,
    refused: (_, { error }) => fail(error),
    due: ({ attempt }, _, context) => connect(attempt + 1, context),
    renew: stay,
    woke: ({ attempt }, _, context) => connect(attempt, context),
    offline: ({ attempt }, _, context) => waitForNetwork(attempt, context),
  },
  failed: {
    start: (_, __, context) => connect(0, context),
    // What went wrong stays to be read.
    stop: stay,
    opened: stay,
    lost: stay,
    refused: stay,
    due: stay,
    renew: (_, __, context) => connect(0, context),
    woke: stay,
    offline: stay,
  },
};

/** The next state, and what is to be done. */
export function transition(state: ConnectionState, input: ConnectionInput, context: TransitionContext): Transition {
  // The table is indexed by both kinds, so the cell takes just these: TypeScript can't follow that through a union.
  const cell = TABLE[state.kind][input.kind] as (
    state: ConnectionState,
    input: ConnectionInput,
    context: TransitionContext,
  ) => Transition;
  return cell(state, input, context);
}

const DISCONNECT: ConnectionEffect = { kind: "hang-up" };
const CLEAR_TIMER: ConnectionEffect = { kind: "disarm" };
const setTimer = (milliseconds: number): ConnectionEffect => ({ kind: "alarm", milliseconds });

function stay(state: ConnectionState): Transition {
  return { state, effects: [] };
}

function close(): Transition {
  return { state: { kind: "closed" }, effects: [CLEAR_TIMER, DISCONNECT] };
}

function fail(error: HeadwaterError): Transition {
  return { state: { kind: "failed", error }, effects: [CLEAR_TIMER, DISCONNECT] };
}

function connect(attempt: number, { limits }: TransitionContext): Transition {
  return { state: { kind: "connecting", attempt }, effects: [{ kind: "dial" }, setTimer(limits.connectMs)] };
}

function reconnect(attempt: number, context: TransitionContext): Transition {
  const { state, effects } = connect(attempt, context);
  return { state, effects: [DISCONNECT, ...effects] };
}

function wait(attempt: number, error: HeadwaterError, { now, random, retryMs, limits }: TransitionContext): Transition {
  const delay = backoff(attempt, error.retryAfterMs ?? retryMs, random, limits);
  return { state: { kind: "waiting", attempt, until: now + delay, error }, effects: [DISCONNECT, setTimer(delay)] };
}

/** Waits for the network to say that it is back; looks for itself all the same, as not every platform says so. */
function waitForNetwork(attempt: number, { now, limits }: TransitionContext): Transition {
  const error = new HeadwaterError("network", "the machine is offline");
  const state: ConnectionState = { kind: "waiting", attempt, until: now + limits.maxMs, error };
  return { state, effects: [DISCONNECT, setTimer(limits.maxMs)] };
}

/** Where the count goes on: a server that greets and hangs up at once must not be asked again without a pause. */
const nextAttempt = ({ attempt, since }: State<"open">, { now, limits }: TransitionContext): number =>
  now - since >= limits.stableMs ? 0 : attempt;

const timeout = ({ limits }: TransitionContext): HeadwaterError =>
  new HeadwaterError("timeout", `no greeting within ${limits.connectMs} ms`);
