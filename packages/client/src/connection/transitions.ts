import { HeadwaterError } from "../errors.ts";
import { backoff, type BackoffLimits } from "./backoff.ts";
import type { ConnectionEffect, ConnectionInput, ConnectionState } from "./connection-state.ts";

/** What a transition depends on besides the state and the input, so that it is a pure function. */
export interface TransitionContext {
  readonly now: number;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: number;
  /** The server's last `retry:`, in milliseconds. */
  readonly retryMs: number | undefined;
  readonly limits: ConnectionLimits;
}

export interface ConnectionLimits extends BackoffLimits {
  /** Maximum time to open a connection. */
  readonly connectMs: number;
  /** A connection that lasts this long resets the number of attempts. */
  readonly stableMs: number;
  /** Silence after which a connection counts as dead. */
  readonly quietMs: number;
}

export interface Transition {
  readonly state: ConnectionState;
  readonly effects: readonly ConnectionEffect[];
}

type State<Kind extends ConnectionState["kind"]> = Extract<ConnectionState, { kind: Kind }>;
type Input<Kind extends ConnectionInput["kind"]> = Extract<ConnectionInput, { kind: Kind }>;

/** A missing state or input is a compile error. */
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
    timer: stay,
    reconnect: stay,
    wake: stay,
    offline: stay,
  },
  connecting: {
    start: stay,
    stop: close,
    opened: ({ attempt }, _, { now }) => ({ state: { kind: "open", attempt, since: now }, effects: [CLEAR_TIMER] }),
    lost: ({ attempt }, { error }, context) => wait(attempt, error, context),
    refused: (_, { error }) => fail(error),
    timer: ({ attempt }, _, context) => wait(attempt, timeout(context), context),
    reconnect: stay,
    wake: ({ attempt }, _, context) => reconnect(attempt, context),
    offline: ({ attempt }, _, context) => waitForNetwork(attempt, context),
  },
  open: {
    start: stay,
    stop: close,
    opened: stay,
    lost: (state, { error }, context) => wait(attemptAfter(state, context), error, context),
    refused: (_, { error }) => fail(error),
    timer: stay,
    reconnect: (_, __, context) => reconnect(0, context),
    wake: (state, { quietMs }, context) => (quietMs > context.limits.quietMs ? reconnect(0, context) : stay(state)),
    offline: (state, _, context) => waitForNetwork(attemptAfter(state, context), context),
  },
  waiting: {
    start: stay,
    stop: close,
    opened: stay,
    lost: stay,
    refused: (_, { error }) => fail(error),
    timer: ({ attempt }, _, context) => connect(attempt + 1, context),
    reconnect: stay,
    wake: ({ attempt }, _, context) => connect(attempt, context),
    offline: ({ attempt }, _, context) => waitForNetwork(attempt, context),
  },
  failed: {
    start: (_, __, context) => connect(0, context),
    // Keeps the error, so that the app can still read it.
    stop: stay,
    opened: stay,
    lost: stay,
    refused: stay,
    timer: stay,
    reconnect: (_, __, context) => connect(0, context),
    wake: stay,
    offline: stay,
  },
};

/** Returns the next state and its effects. */
export function transition(state: ConnectionState, input: ConnectionInput, context: TransitionContext): Transition {
  // Indexing by both kinds selects the cell for exactly these types, which TypeScript can't infer from the unions.
  const cell = TABLE[state.kind][input.kind] as (
    state: ConnectionState,
    input: ConnectionInput,
    context: TransitionContext,
  ) => Transition;
  return cell(state, input, context);
}

const DISCONNECT: ConnectionEffect = { kind: "disconnect" };
const CLEAR_TIMER: ConnectionEffect = { kind: "clear-timer" };
const setTimer = (milliseconds: number): ConnectionEffect => ({ kind: "set-timer", milliseconds });

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
  return { state: { kind: "connecting", attempt }, effects: [{ kind: "connect" }, setTimer(limits.connectMs)] };
}

function reconnect(attempt: number, context: TransitionContext): Transition {
  const { state, effects } = connect(attempt, context);
  return { state, effects: [DISCONNECT, ...effects] };
}

function wait(attempt: number, error: HeadwaterError, { now, random, retryMs, limits }: TransitionContext): Transition {
  const delay = backoff(attempt, error.retryAfterMs ?? retryMs, random, limits);
  return { state: { kind: "waiting", attempt, until: now + delay, error }, effects: [DISCONNECT, setTimer(delay)] };
}

/** Waits for the network to return. Tries again by itself too, because not every platform reports that. */
function waitForNetwork(attempt: number, { now, limits }: TransitionContext): Transition {
  const error = new HeadwaterError("network", "the machine is offline");
  const state: ConnectionState = { kind: "waiting", attempt, until: now + limits.maxMs, error };
  return { state, effects: [DISCONNECT, setTimer(limits.maxMs)] };
}

/** Keeps the count after a short connection, so that a server that accepts and closes at once sees growing pauses. */
const attemptAfter = ({ attempt, since }: State<"open">, { now, limits }: TransitionContext): number =>
  now - since >= limits.stableMs ? 0 : attempt;

const timeout = ({ limits }: TransitionContext): HeadwaterError =>
  new HeadwaterError("timeout", `the connection did not open within ${limits.connectMs} ms`);
