import type { ClientState } from "../../../src/clients/driver.ts";
import type { Parts } from "../parts.ts";
import { ALWAYS, type Violation, violation } from "./violation.ts";

const replaces = (from: ClientState, to: readonly ClientState[]): Partial<Parts> => ({
  states: ([state]) => (state === from ? to : [state!]),
});

const STATES: readonly Violation[] = [
  violation("states", "never says that it is open", replaces("open", [])),
  violation("states", "says twice that it is open", replaces("open", ["open", "open"])),
  violation("states", "is open before it has a response", {
    states: ([state]) => (state === "connecting" ? ["connecting", "open"] : [state!]),
  }),
  violation(
    "states",
    "does not say that it connects again",
    {
      states: ([state], { connection }) => (state === "connecting" && connection > 0 ? [] : [state!]),
    },
    ALWAYS,
  ),
  violation(
    "states",
    "is closed while it waits to reconnect",
    {
      states: ([state], { connection }) => (state === "connecting" && connection > 0 ? ["closed"] : [state!]),
    },
    ALWAYS,
  ),
  violation(
    "states",
    "is closed and connecting when there is no response",
    () => {
      let isOpen = false;
      return {
        states([state], { connection }) {
          const isSecond = state === "connecting" && !isOpen && connection > 0;
          isOpen = state === "open";
          return isSecond ? ["closed", "connecting"] : [state!];
        },
      };
    },
    ALWAYS,
  ),
  violation("stateClosed", "does not say that it is closed", replaces("closed", []), ["every", "later"]),
  violation("stateClosed", "is connecting for ever after a failure", replaces("closed", ["connecting"]), [
    "every",
    "later",
  ]),
  violation("stateClosed", "is open before it is closed", replaces("closed", ["open", "closed"]), ["every", "later"]),
];

const CLOSES: readonly Violation[] = [
  violation(
    "close",
    "keeps its connection when it is closed",
    {
      closes: (right) => ({ ...right, request: false }),
    },
    ["every", "first"],
  ),
  violation(
    "close",
    "ignores that it is closed",
    {
      closes: () => ({ request: false, wait: false, events: false }),
    },
    ["every", "first"],
  ),
  violation(
    "close",
    "reconnects when its connection is closed",
    {
      closes: (right, { connection }) => ({ ...right, wait: connection > 1 }),
    },
    ALWAYS,
  ),
  violation(
    "close",
    "goes on with a wait when it is closed",
    () => {
      let waits = false;
      return {
        wait(right) {
          waits = true;
          return Math.min(right, 2 ** 31 - 1);
        },
        closes: (right) => ({ ...right, wait: !waits }),
      };
    },
    ALWAYS,
  ),
  violation(
    "closedIsSilent",
    "dispatches the events that had arrived when it is closed",
    {
      closes: (right) => ({ ...right, events: false }),
    },
    ["every", "first"],
  ),
];

const MEMORY: readonly Violation[] = [
  violation("comment", "keeps all comments", { held: (right, _, { comments }) => right + comments }, ALWAYS),
  violation(
    "comment",
    "keeps the comments of an event until it ends",
    {
      held: (right, { events }, { comments }) => right + (events < 2 ? comments : comments / 1.5),
    },
    ALWAYS,
  ),
  violation(
    "buffersEmptied",
    "keeps the data of all events",
    {
      held: (right, _, { events }) => right + events,
    },
    ALWAYS,
  ),
];

export const closingViolations: readonly Violation[] = [...STATES, ...CLOSES, ...MEMORY];
