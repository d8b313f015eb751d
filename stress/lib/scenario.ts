import type { ScenarioRun } from "./scenario-run.ts";

/** Something that is done to the server, and what must hold whatever happens. */
export interface Scenario {
  /** `family/name`, for the command line. */
  readonly name: string;
  /** What must hold, in one sentence. */
  readonly invariant: string;
  /** Chance decides what happens in it: played with all seeds, or with some of them. Without chance one is enough. */
  readonly seeds: "all" | "some" | "one";
  /** Part of the short form. */
  readonly inShort: boolean;
  readonly play: (run: ScenarioRun) => Promise<void>;
}

type ScenarioDefinition = readonly [
  name: string,
  invariant: string,
  play: Scenario["play"],
  marks?: readonly ("all seeds" | "some seeds" | "short")[],
];

/** Scenarios of one family; the short form has only those with that mark. */
export const family = (title: string, scenarios: readonly ScenarioDefinition[]): readonly Scenario[] =>
  scenarios.map(([name, invariant, play, marks = []]) => ({
    name: `${title}/${name}`,
    invariant,
    seeds: marks.includes("all seeds") ? "all" : marks.includes("some seeds") ? "some" : "one",
    inShort: marks.includes("short"),
    play,
  }));

/** @throws Error with the sentence, unless it holds */
export function ensure(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(sentence);
}
