import { HeadwaterError } from "../errors.ts";
import { backoff, type BackoffLimits } from "./backoff.ts";
import type { ConnectionEffect, ConnectionInput, ConnectionState } from "./state.ts";

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

export interface Step {
  readonly state: ConnectionState;
  readonly effects: readonly ConnectionEffect[];
}

type State<Kind extends ConnectionState["kind"]> = Extract<ConnectionState, { kind: Kind }>;
type Input<Kind extends ConnectionInput["kind"]> = Extract<ConnectionInput, { kind: Kind }>;

/** Total by type: a state or an input without its cell does not compile. */
type Table = {
  readonly [S in ConnectionState["kind"]]: {
    readonly [I in ConnectionInput["kind"]]: (state: State<S>, input: Input<I>, context: TransitionContext) => Step;
  };
};

const TABLE: Table = {
  closed: {
    start: (_, __, context) => dial(0, context),
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
    opened: ({ attempt }, _, { now }) => ({ state: { kind: "open", attempt, since: now }, effects: [DISARM] }),
    lost: ({ attempt }, { error }, context) => wait(attempt, error, context),
    refused: (_, { error }) => fail(error),
    due: ({ attempt }, _, context) => wait(attempt, timeout(context), context),
    renew: stay,
    woke: ({ attempt }, _, context) => redial(attempt, context),
    offline: ({ attempt }, _, context) => sitOut(attempt, context),
  },
  open: {
    start: stay,
    stop: close,
    opened: stay,
    lost: (state, { error }, context) => wait(attemptsOf(state, context), error, context),
    refused: (_, { error }) => fail(error),
    due: stay,
    renew: (_, __, context) => redial(0, context),
    woke: (state, { quietMs }, context) => (quietMs > context.limits.quietMs ? redial(0, context) : stay(state)),
    offline: (state, _, context) => sitOut(attemptsOf(state, context), context),
  },
  waiting: {
    start: stay,
    stop: close,
    opened: stay,
    lost: stay,
    refused: (_, { error }) => fail(error),
    due: ({ attempt }, _, context) => dial(attempt + 1, context),
    renew: stay,
    woke: ({ attempt }, _, context) => dial(attempt, context),
    offline: ({ attempt }, _, context) => sitOut(attempt, context),
  },
  failed: {
    start: (_, __, context) => dial(0, context),
    // What went wrong stays to be read.
    stop: stay,
    opened: stay,
    lost: stay,
    refused: stay,
    due: stay,
    renew: (_, __, context) => dial(0, context),
    woke: stay,
    offline: stay,
  },
};

/** The next state, and what is to be done. */
export function transition(state: ConnectionState, input: ConnectionInput, context: TransitionContext): Step {
  // The table is indexed by both kinds, so the cell takes just these: TypeScript can't follow that through a union.
  const cell = TABLE[state.kind][input.kind] as (
    state: ConnectionState,
    input: ConnectionInput,
    context: TransitionContext,
  ) => Step;
  return cell(state, input, context);
}

const HANG_UP: ConnectionEffect = { kind: "hang-up" };
const DISARM: ConnectionEffect = { kind: "disarm" };
const alarm = (milliseconds: number): ConnectionEffect => ({ kind: "alarm", milliseconds });

function stay(state: ConnectionState): Step {
  return { state, effects: [] };
}

function close(): Step {
  return { state: { kind: "closed" }, effects: [DISARM, HANG_UP] };
}

function fail(error: HeadwaterError): Step {
  return { state: { kind: "failed", error }, effects: [DISARM, HANG_UP] };
}

function dial(attempt: number, { limits }: TransitionContext): Step {
  return { state: { kind: "connecting", attempt }, effects: [{ kind: "dial" }, alarm(limits.connectMs)] };
}

function redial(attempt: number, context: TransitionContext): Step {
  const { state, effects } = dial(attempt, context);
  return { state, effects: [HANG_UP, ...effects] };
}

function wait(attempt: number, error: HeadwaterError, { now, random, retryMs, limits }: TransitionContext): Step {
  const delay = backoff(attempt, error.retryAfterMs ?? retryMs, random, limits);
  return { state: { kind: "waiting", attempt, until: now + delay, error }, effects: [HANG_UP, alarm(delay)] };
}

/** Waits for the network to say that it is back; looks for itself all the same, as not every platform says so. */
function sitOut(attempt: number, { now, limits }: TransitionContext): Step {
  const error = new HeadwaterError("network", "the machine is offline");
  const state: ConnectionState = { kind: "waiting", attempt, until: now + limits.maxMs, error };
  return { state, effects: [HANG_UP, alarm(limits.maxMs)] };
}

/** Where the count goes on: a server that greets and hangs up at once must not be asked again without a pause. */
const attemptsOf = ({ attempt, since }: State<"open">, { now, limits }: TransitionContext): number =>
  now - since >= limits.stableMs ? 0 : attempt;

const timeout = ({ limits }: TransitionContext): HeadwaterError =>
  new HeadwaterError("timeout", `no greeting within ${limits.connectMs} ms`);
