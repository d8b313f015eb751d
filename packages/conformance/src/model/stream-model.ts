import type { Standard } from "../core/case.ts";
import type { Fields } from "./field.ts";

/** One kind of event: its name, and for events with subtypes the subtype. */
export interface EventKind {
  readonly meaning: string;
  /** Where the document describes it. */
  readonly standard: Standard;
  /** The fields of its data. */
  readonly fields: Fields;
}

/** Where a connection stands. */
export interface State {
  readonly meaning: string;
  /** The kinds that may come now, and the states that they lead to. */
  readonly next: Readonly<Record<string, string>>;
  /** What comes in this state is the server's own matter, if the model doesn't name it. */
  readonly allowsOthers?: true;
}

/** What one connection may send, in which order. */
export interface StreamModel {
  readonly start: string;
  readonly states: Readonly<Record<string, State>>;
  readonly kinds: Readonly<Record<string, EventKind>>;
}

/** Follows a connection through the model's states. @returns the first event that may not come where it comes */
export function orderFault(model: StreamModel, kinds: readonly string[]): string | undefined {
  let at = model.start;
  for (const [index, kind] of kinds.entries()) {
    const state = model.states[at]!;
    const next = state.next[kind];
    const isKnown = kind in model.kinds;
    if (next === undefined && (isKnown || !state.allowsOthers)) {
      const before = index === 0 ? "at the start" : `after ${kinds[index - 1]}`;
      return `${kind} comes ${before}, when ${state.meaning}; what may come is ${Object.keys(state.next).join(", ") || "nothing"}`;
    }
    at = next ?? at;
  }
  return undefined;
}
