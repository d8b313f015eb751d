import type { Frame } from "./frame.ts";
import type { Change, Connection, Step, Tamper } from "./tamper.ts";
import { isAt, type When, WHEN_TEXT, WHENS } from "./when.ts";

export type Match = (frame: Frame) => boolean;

/** One way to violate a rule. */
export interface Violation {
  readonly name: string;
  readonly tamper: Tamper;
}

/** @param most of the frames that match, how many it changes; the first ones */
const changing = (match: Match, change: (frame: Frame) => readonly Step[], most = Number.POSITIVE_INFINITY): Change => {
  let count = 0;
  return (frame) => {
    if (!match(frame) || count >= most) return [frame];
    count += 1;
    return change(frame);
  };
};

/** Makes a change on some connections only. */
const at = (when: When, make: (connection: Connection) => Change): Tamper => ({
  frames: (connection) => (isAt(when, connection.number) ? make(connection) : undefined),
});

export type Operator = (match: Match) => Change;

/** The ways to violate what a rule says about an event. */
export const OPERATORS = {
  drop: (match: Match) => changing(match, () => []),
  "drop the first": (match: Match) => changing(match, () => [], 1),
  double: (match: Match) => changing(match, (frame) => [frame, frame]),
  "double the first": (match: Match) => changing(match, (frame) => [frame, frame], 1),
  reorder: (match: Match) => swapped(match),
  "stop half way": (match: Match) => changing(match, (frame) => [half(frame), "end"]),
  "break half way": (match: Match) => changing(match, (frame) => [half(frame), "break"]),
  "end before": (match: Match) => changing(match, () => ["end"]),
  "hang before": (match: Match) => changing(match, () => ["hang"]),
  "hold back": (match: Match) => heldBack(match),
  "hold back until the next of": (match: Match) => oneBehind(match),
} as const satisfies Readonly<Record<string, Operator>>;

export type OperatorName = keyof typeof OPERATORS;

/** Sends a frame after the one that follows it. */
function swapped(match: Match): Change {
  let held: Frame | undefined;
  return (frame) => {
    if (held) {
      const first = held;
      held = undefined;
      return [frame, first];
    }
    if (!match(frame)) return [frame];
    held = frame;
    return [];
  };
}

/** Sends a frame together with the one that follows it. */
function heldBack(match: Match): Change {
  let held: Frame[] = [];
  return (frame) => {
    if (match(frame)) {
      held.push(frame);
      return [];
    }
    const all = [...held, frame];
    held = [];
    return all;
  };
}

/** Sends a frame when the next that matches comes. */
function oneBehind(match: Match): Change {
  let held: Frame | undefined;
  return (frame) => {
    if (!match(frame)) return [frame];
    const before = held;
    held = frame;
    return before ? [before] : [];
  };
}

const half = (frame: Frame): Frame => {
  const text = `${frame.event === undefined ? "" : `event: ${frame.event}\n`}data: ${frame.data ?? ""}`;
  return { raw: text.slice(0, Math.ceil(text.length / 2)) };
};

/** Each operator, on every connection, on the first and on later ones. */
export function violations(
  what: string,
  match: Match,
  operators: readonly OperatorName[],
  whens: readonly When[] = WHENS,
): Violation[] {
  return operators.flatMap((name) =>
    whens.map((when) => ({
      name: `${name} ${what}, ${WHEN_TEXT[when]}`,
      tamper: at(when, () => OPERATORS[name](match)),
    })),
  );
}

/** Changes the frames that match, on every connection, on the first and on later ones. */
export const changes = (
  name: string,
  match: Match,
  change: (frame: Frame, connection: Connection) => readonly Step[] | Frame,
  whens: readonly When[] = WHENS,
): Violation[] =>
  whens.map((when) => ({
    name: `${name}, ${WHEN_TEXT[when]}`,
    tamper: at(when, (connection) =>
      changing(match, (frame) => {
        const changed = change(frame, connection);
        return Array.isArray(changed) ? (changed as readonly Step[]) : [changed as Frame];
      }),
    ),
  }));
